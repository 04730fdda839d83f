import { spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { open, readFile, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { discoverChromium } from '../../src/chromium/discover.js';
import { type EmbeddedChromium, prepareEmbedded } from '../../src/chromium/embedded.js';
import { findDamage, writeManifest } from '../../src/chromium/embedded-manifest.js';
import { deadline, until } from '../deadline.js';

const OTHER = 'or give another cache folder';
const OPEN_SANS_WIDTH_PX = 185;
const HINTING_PX_MAX = 3;
const UNPACK_MS_MAX = 60_000;
const PAGE = `<canvas></canvas>
  <span style="font: 40px 'Open Sans'">hello WiW</span> <span style="font: 40px sans-serif">hello WiW</span>
  <span style="font: 40px serif">hello WiW</span> <span style="font: 40px monospace">hello WiW</span>
  <script>
    const gl = document.querySelector('canvas').getContext('webgl');
    const info = gl && gl.getExtension('WEBGL_debug_renderer_info');
    document.title = JSON.stringify({
      widths: [...document.querySelectorAll('span')].map((span) => Math.round(span.getBoundingClientRect().width)),
      renderer: info && gl.getParameter(info.UNMASKED_RENDERER_WEBGL),
    });
  </script>`;

interface Context {
  root: string;
  cacheDir: string;
  lines: string[];
  /**
   * The results of two unpackings that began at once. All tests share the one folder, because unpacking takes seconds.
   */
  both: readonly EmbeddedChromium[];
  chromium: EmbeddedChromium;
}

const test = suite<Context>('chromium/embedded');

test.before(async (context) => {
  context.root = mkdtempSync(join(tmpdir(), 'headcount-embedded-'));
  context.cacheDir = join(context.root, 'deep/cache');
  context.lines = [];
  context.both = await Promise.all([prepare(context), prepare(context)]);
  const [chromium] = context.both;
  assert.ok(chromium);
  context.chromium = chromium;
});

test.after(({ root }) => {
  rmSync(root, { recursive: true, force: true });
});

test('two unpackings at once give one folder, ours alone, and leave nothing behind', (context) => {
  const { both, lines, cacheDir } = context;
  assert.equal(both[0], both[1]);
  assert.is(lines.filter((line) => /^unpacking the embedded Chromium \d+\S*, once, into /.test(line)).length, 2);
  assert.is(lines.filter((line) => /^unpacked the embedded Chromium in \d+\.\d s$/.test(line)).length, 2);
  assert.is(lines.length, 4);
  const names = readdirSync(cacheDir);
  assert.is(names.length, 1, names.join());
  for (const folder of [cacheDir, folderOf(context)]) assert.is(statSync(folder).mode & 0o777, 0o700);
  for (const entry of readdirSync(folderOf(context), { recursive: true, withFileTypes: true })) {
    const stats = statSync(join(entry.parentPath, entry.name));
    assert.is(stats.uid, process.geteuid?.(), entry.name);
    assert.is(stats.mode & 0o022, 0, entry.name);
  }
});

test('what is intact is used as it is', async (context) => {
  const { ino } = await stat(context.chromium.path);
  context.lines.length = 0;
  assert.equal(await prepare(context), context.chromium);
  assert.equal(context.lines, []);
  assert.is((await stat(context.chromium.path)).ino, ino);
});

test('its libraries come from its own folder', ({ chromium }) => {
  const { stderr, stdout } = spawnSync(chromium.path, ['--version'], {
    env: { ...chromium.env, LD_DEBUG: 'libs' },
    encoding: 'utf8',
    timeout: 20_000,
  });
  assert.match(stdout, /^Chromium \d+\./);
  const loaded = [...stderr.matchAll(/calling init: (\S+)/g)].map((match) => match[1] ?? '');
  const own = join(dirname(chromium.path), 'lib');
  for (const name of ['libnss3.so', 'libnssutil3.so', 'libnspr4.so', 'libexpat.so.1']) {
    assert.ok(loaded.includes(join(own, name)), `${name}: ${loaded.join(' ')}`);
  }
  // All other libraries are in every image with glibc.
  const left = loaded.filter((path) => dirname(path) !== own).map((path) => path.replace(/^.*\//, ''));
  const everywhere = /^(ld-linux-x86-64|libc|libm|libdl|libpthread|librt|libgcc_s)\.so\.\d$/;
  assert.equal(
    left.filter((name) => !everywhere.test(name)),
    [],
  );
});

test('it renders text that has a width, in a font of its own, and WebGL', async (context) => {
  const { widths, renderer } = await renderPage(context);
  assert.is(widths.length, 4);
  for (const width of widths) assert.ok(width > 100, widths.join());
  // The width of this text in Open Sans. Another font in its place would give another width.
  const [own = 0] = widths;
  assert.ok(Math.abs(own - OPEN_SANS_WIDTH_PX) <= HINTING_PX_MAX, widths.join());
  assert.match(renderer, /SwiftShader/);
});

test('discovery falls to it when the machine has none', async (context) => {
  const { path, env } = context.chromium;
  const found = await discoverChromium({
    setting: undefined,
    homeDir: context.root,
    cacheDir: context.cacheDir,
    playwrightBrowsersPath: join(context.root, 'none'),
    systemRoots: [],
    progress: (line) => context.lines.push(line),
  });
  assert.match(found.version, /^\d+\.\d+\.\d+\.\d+$/);
  assert.equal(found, { path, env, version: found.version, origin: 'embedded' });
});

test('an existing library path stays, behind its own', async (context) => {
  const { env } = await prepare(context, { libraryPath: '/opt/lib:/lib' });
  assert.is(env.LD_LIBRARY_PATH, `${folderOf(context)}/lib:/opt/lib:/lib`);
});

test('its fonts.conf is made anew when it is damaged or HOME is another', async (context) => {
  const path = context.chromium.env.FONTCONFIG_FILE;
  const text = await readFile(path, 'utf8');
  await writeFile(path, '');
  await prepare(context);
  assert.is(await readFile(path, 'utf8'), text);
  await prepare(context, { homeDir: '/home/a&b' });
  assert.match(await readFile(path, 'utf8'), '<dir>/home/a&amp;b/.fonts</dir>');
  await prepare(context);
  assert.is(await readFile(path, 'utf8'), text);
});

test('others who own or may write the cache or its folder are refused', async (context) => {
  const folder = folderOf(context);
  for (const path of [folder, context.cacheDir]) {
    for (const mode of [0o720, 0o702]) {
      chmodSync(path, mode);
      assert.is(await failure(prepare(context)), `others may write in ${path}: run chmod go-w on it, ${OTHER}`);
    }
    chmodSync(path, 0o700);
    // Only root can give a folder to another user.
    if (process.geteuid?.() !== 0) continue;
    chownSync(path, 65_534, 65_534);
    const message = `${path} belongs to user 65534, not to 0: give a cache folder of this user's own`;
    assert.is(await failure(prepare(context)), message);
    chownSync(path, 0, 0);
  }
  const file = join(context.root, 'file');
  await writeFile(file, '');
  assert.match(await failure(prepare(context, { cacheDir: file })), /EEXIST|not a folder/);
  assert.equal(await prepare(context), context.chromium);
});

test('a flipped byte is found and repaired, once for two who find it at once', async (context) => {
  const { path } = context.chromium;
  const before = await stat(path);
  const file = await open(path, 'r+');
  const { buffer } = await file.read(Buffer.alloc(1), 0, 1, 100_000_000);
  await file.write(Buffer.from([(buffer[0] ?? 0) ^ 1]), 0, 1, 100_000_000);
  await file.close();
  const old = join(context.cacheDir, '.temporary-old');
  const recent = join(context.cacheDir, '.temporary-recent');
  const other = join(context.cacheDir, 'chromium-1.0.0');
  for (const folder of [old, recent, other]) mkdirSync(folder, { mode: 0o700 });
  for (const folder of [old, other]) await utimes(folder, 1, 1);
  context.lines.length = 0;
  const both = await Promise.all([prepare(context), prepare(context)]);
  assert.equal(both, [context.chromium, context.chromium]);
  assert.is(
    context.lines[0],
    `the embedded Chromium in ${folderOf(context)} is damaged (chromium is not what was unpacked)`,
  );
  const after = await stat(path);
  assert.is.not(after.ino, before.ino);
  assert.is(after.size, before.size);
  assert.equal(
    [old, recent, other].map((folder) => existsSync(folder)),
    [false, true, true],
  );
  context.lines.length = 0;
  await prepare(context);
  assert.equal(context.lines, []);
});

test('a missing library is found and put back', async (context) => {
  const library = join(folderOf(context), 'lib/libnss3.so');
  rmSync(library);
  await prepare(context);
  assert.ok((await stat(library)).size > 1_000_000);
});

test('every kind of damage is told, and other files are not damage', async ({ root }) => {
  const folder = join(root, 'small');
  const [chromium, library] = [join(folder, 'chromium'), join(folder, 'lib/a.so')];
  mkdirSync(dirname(library), { recursive: true });
  writeFileSync(library, 'library');
  assert.match(await failure(writeManifest(folder)), 'no chromium was unpacked');
  writeFileSync(chromium, 'executable', { mode: 0o700 });
  assert.match((await findDamage(folder)) ?? '', 'ENOENT');
  await writeManifest(folder);
  writeFileSync(join(folder, 'fonts.conf'), 'more');
  assert.is(await findDamage(folder), undefined);
  chmodSync(chromium, 0o600);
  assert.is(await findDamage(folder), 'chromium is not executable');
  chmodSync(chromium, 0o700);
  for (const text of ['librarx', 'library.', '']) {
    writeFileSync(library, text);
    assert.is(await findDamage(folder), 'lib/a.so is not what was unpacked', text);
  }
  rmSync(library);
  symlinkSync(chromium, library);
  assert.is(await findDamage(folder), 'lib/a.so is not what was unpacked');
  rmSync(library);
  assert.match((await findDamage(folder)) ?? '', 'ENOENT');
  for (const text of ['', '{', '[]', '{"files":[]}', '{"files":[{"name":"chromium"}]}', ' '.repeat(2 ** 20 + 1)]) {
    writeFileSync(join(folder, 'manifest.json'), text);
    assert.match((await findDamage(folder)) ?? '', /manifest cannot be read|JSON/, text.slice(0, 40));
  }
});

test.run();

async function prepare(
  { cacheDir, root, lines }: Context,
  options: Partial<Parameters<typeof prepareEmbedded>[0]> = {},
): Promise<EmbeddedChromium> {
  const all = { cacheDir, homeDir: root, progress: (line: string) => lines.push(line), ...options };
  return await deadline(prepareEmbedded(all), UNPACK_MS_MAX, 'unpacking');
}

function folderOf({ chromium }: Context): string {
  return dirname(chromium.path);
}

async function failure(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof Error) return error.message;
  }
  throw new Error('it did not fail');
}

/**
 * Opens the page and reads the title that its script has set. By the browser's pipe, because this build lacks the
 * resources of `--dump-dom` and `--screenshot`, and hangs on both.
 */
async function renderPage({ chromium, root }: Context): Promise<{ widths: number[]; renderer: string }> {
  const flags = ['--headless', '--no-sandbox', '--remote-debugging-pipe', `--user-data-dir=${join(root, 'profile')}`];
  const child = spawn(chromium.path, [...flags, `data:text/html,${encodeURIComponent(PAGE)}`], {
    env: { ...chromium.env, HOME: root, TMPDIR: root },
    stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const gone = new Promise((resolve) => child.once('exit', resolve));
  const [, , , input, output] = child.stdio;
  assert.ok(input instanceof Writable && output instanceof Readable);
  try {
    let received = '';
    output.setEncoding('utf8').on('data', (text: string) => {
      received += text;
    });
    input.on('error', () => {});
    const title = await until(
      () => {
        input.write('{"id":1,"method":"Target.getTargets"}\0');
        return /"title":"(\{(?:[^"\\]|\\.)*\})"/.exec(received)?.[1];
      },
      15_000,
      'the title of the page',
    );
    return JSON.parse(JSON.parse(`"${title}"`));
  } finally {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    await deadline(gone, 5_000, 'the end of the browser');
  }
}
