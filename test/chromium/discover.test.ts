import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Chromium, type DiscoverOptions, discoverChromium } from '../../src/chromium/discover.js';
import { deadline, until } from '../deadline.js';

const REAL_HEADLESS_SHELL = '/usr/lib/chromium/chromium-headless-shell';

interface Context {
  root: string;
  lines: string[];
}

const test = suite<Context>('chromium/discover');

test.before.each((context) => {
  context.root = mkdtempSync(join(tmpdir(), 'headcount-discover-'));
  context.lines = [];
});

test.after.each(({ root }) => {
  rmSync(root, { recursive: true, force: true });
});

test('takes the setting and nothing else', async (context) => {
  const setting = executable(context, 'own/chrome', '7.0.1.2');
  const systemRoots = [executable(context, 'system/headless_shell', '1.2.3.4')];
  const expected = { path: setting, version: '7.0.1.2', origin: 'setting', env: {} };
  assert.equal(await discover(context, { setting, systemRoots }), expected);
  assert.equal(context.lines, []);
});

test('refuses a setting that cannot be run, rather than taking another', async (context) => {
  const systemRoots = [executable(context, 'system/headless_shell', '1.2.3.4')];
  const missing = join(context.root, 'missing');
  const plain = executable(context, 'plain', '1.2.3.4');
  chmodSync(plain, 0o644);
  for (const setting of [missing, plain, context.root, '']) {
    const message = `CHROMIUM_PATH=${setting} is not an executable file`;
    assert.is(await failure(discover(context, { setting, systemRoots })), message);
  }
  const broken = script(context, 'broken', 'echo "no such library" >&2; exit 127');
  const message = `CHROMIUM_PATH=${broken} cannot be used: --version gave no version (exit code 127 no such library)`;
  assert.is(await failure(discover(context, { setting: broken, systemRoots })), message);
});

test('resolves a wrapper script to the headless shell that it runs', async (context) => {
  const real = executable(context, 'lib/chromium-headless-shell', '1.2.3.4');
  const wrapper = script(context, 'bin/chromium-headless-shell', `${real} "$@"`, '#!/bin/sh -e\n');
  const link = join(context.root, 'link');
  symlinkSync(wrapper, link);
  for (const setting of [wrapper, link]) {
    const found = await discover(context, { setting });
    assert.equal([found.path, found.origin], [real, 'setting']);
  }
  assert.is((await discover(context, { systemRoots: [wrapper] })).path, real);
});

test('keeps a script that does something else', async (context) => {
  const gone = script(context, 'a/headless-shell', `echo Chromium 1.2.3.4; exit; ${context.root}/headless_shell "$@"`);
  assert.is((await discover(context, { setting: gone })).path, gone);
  const missing = script(context, 'b/wrapper', `echo Chromium 1.2.3.4; exit\n${context.root}/headless_shell "$@"`);
  assert.is((await discover(context, { setting: missing })).path, missing);
});

test('takes the system before Playwright, in order', async (context) => {
  const first = executable(context, 'system/headless_shell', '1.2.3.4');
  const second = executable(context, 'system/chrome', '5.6.7.8');
  playwright(context, 'chromium_headless_shell-9/chrome-linux/headless_shell', '9.9.9.9');
  const found = await discover(context, { systemRoots: [join(context.root, 'missing'), first, second] });
  const expected = { path: first, version: '1.2.3.4', origin: 'system', env: {} };
  assert.equal(found, expected);
  assert.is((await discover(context, { systemRoots: [second, first] })).path, second);
});

test('skips what does not run, and says so', async (context) => {
  const failing = script(context, 'a', 'exit 3');
  const silent = script(context, 'b', 'exit 0');
  const lying = script(context, 'c', 'echo Chromium 1.2.3.4; exit 1');
  const wrapper = script(context, 'd', `${failing}-headless-shell "$@"`);
  const inner = script(context, 'a-headless-shell', 'exit 4');
  const snap = script(context, 'e', 'exec /snap/bin/chromium "$@"');
  const good = executable(context, 'f', '1.2.3.4');
  const found = await discover(context, { systemRoots: [failing, silent, lying, inner, wrapper, snap, good] });
  assert.is(found.path, good);
  assert.equal(context.lines, [
    `skipped ${failing}: --version gave no version (exit code 3)`,
    `skipped ${silent}: --version gave no version (exit code 0)`,
    `skipped ${lying}: --version gave no version (exit code 1)`,
    `skipped ${inner}: --version gave no version (exit code 4)`,
    `skipped ${snap}: a snap cannot open the pipes that it is driven by`,
  ]);
});

test('gives up on a candidate that never answers, and ends all its processes', async (context) => {
  // Its child holds the pipe open, and would hold it for longer than the test may take.
  const pidFile = join(context.root, 'pid');
  const hanging = script(context, 'hanging', `sleep 60 & echo $! > ${pidFile}; wait`);
  const good = executable(context, 'good', '1.2.3.4');
  const found = await discover(context, { systemRoots: [hanging, good], versionWaitMsMax: 500 });
  assert.is(found.path, good);
  assert.equal(context.lines, [`skipped ${hanging}: --version gave no answer within 500 ms`]);
  const pid = readFileSync(pidFile, 'utf8').trim();
  await until(() => isGone(pid), 5_000, 'the end of its child');
});

test("takes the newest of Playwright's headless shells, then its full browsers", async (context) => {
  const systemRoots: string[] = [];
  const full = playwright(context, 'chromium-2000/chrome-linux64/chrome', '4.0.0.0');
  playwright(context, 'chromium-1999/chrome-linux/chrome', '3.0.0.0');
  playwright(context, 'chromium_tip_of_tree-3000/chrome-linux/chrome', '5.0.0.0');
  const expected: Chromium = { path: full, version: '4.0.0.0', origin: 'playwright', env: {} };
  assert.equal(await discover(context, { systemRoots }), expected);
  playwright(context, 'chromium_headless_shell-999/chrome-linux/headless_shell', '1.0.0.0');
  const shell = playwright(
    context,
    'chromium_headless_shell-1000/chrome-headless-shell-linux64/chrome-headless-shell',
    '2.0.0.0',
  );
  assert.equal(await discover(context, { systemRoots }), {
    ...expected,
    path: shell,
    version: '2.0.0.0',
  });
  chmodSync(shell, 0o600);
  assert.is((await discover(context, { systemRoots })).version, '1.0.0.0');
});

test("looks where Playwright's browsers are said to be", async (context) => {
  playwright(context, 'chromium-1/chrome-linux/chrome', '1.0.0.0');
  const path = executable(context, 'elsewhere/chromium-1/chrome-linux/chrome', '2.0.0.0');
  const playwrightBrowsersPath = join(context.root, 'elsewhere');
  assert.is((await discover(context, { systemRoots: [], playwrightBrowsersPath })).path, path);
});

test('runs a candidate with a bare environment', async (context) => {
  const names = join(context.root, 'names');
  const path = script(context, 'chrome', `env | cut -d= -f1 > ${names}; echo "Chromium 1.2.3.4"`);
  assert.is((await discover(context, { setting: path })).version, '1.2.3.4');
  // What a shell adds to what we give.
  const expected = ['HOME', 'PATH', 'PWD', 'OLDPWD', 'SHLVL', '_'];
  const given = readFileSync(names, 'utf8').trim().split('\n');
  assert.ok(given.includes('HOME'));
  assert.equal(
    given.filter((name) => !expected.includes(name)),
    [],
  );
});

test('finds the headless shell of this machine, where there is one', async (context) => {
  if (!existsSync(REAL_HEADLESS_SHELL)) return;
  const found = await discover(context, {});
  assert.equal([found.path, found.origin], [REAL_HEADLESS_SHELL, 'system']);
  assert.match(found.version, /^\d+\.\d+\.\d+\.\d+$/);
});

test.run();

function base({ root, lines }: Context): DiscoverOptions {
  return {
    setting: undefined,
    homeDir: join(root, 'home'),
    cacheDir: join(root, 'cache'),
    playwrightBrowsersPath: undefined,
    progress: (line) => lines.push(line),
  };
}

async function discover(context: Context, options: Partial<DiscoverOptions>): Promise<Chromium> {
  return await deadline(discoverChromium({ ...base(context), ...options }), 25_000, 'discovery');
}

async function failure(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof Error) return error.message;
  }
  throw new Error('it did not fail');
}

/** A zombie counts as gone, where nothing reaps orphans. */
function isGone(pid: string): boolean {
  try {
    return /\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return true;
  }
}

/** A script at `path` below the root; returns its whole path. */
function script({ root }: Context, path: string, body: string, firstLine = '#!/bin/sh\n'): string {
  const whole = join(root, path);
  mkdirSync(dirname(whole), { recursive: true });
  writeFileSync(whole, `${firstLine}\n${body}\n`, { mode: 0o755 });
  return whole;
}

/** Stands for a Chromium: answers all arguments with its version. */
function executable(context: Context, path: string, version: string): string {
  return script(context, path, `echo 'Chromium ${version} built on Debian 12'`);
}

function playwright(context: Context, path: string, version: string): string {
  return executable(context, join('home/.cache/ms-playwright', path), version);
}
