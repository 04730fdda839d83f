/**
 * Which Chromium the server runs. In: a setting and folders; out: one executable that has answered `--version`, with
 * the environment it needs. A headless shell comes before a full browser: it opens a fresh context several times faster
 * and starts in a fifth of the time. Main thread, once, at start.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { access, constants, open, readdir, realpath, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { prepareEmbedded } from './embedded.js';

const VERSION_WAIT_MS_MAX = 20_000;
const VERSION_OUTPUT_BYTES_MAX = 4_096;
const SCRIPT_BYTES_READ = 4_096;
/** As many as a child with two pipes takes while it is spawned, and some to spare. */
const CHILD_DESCRIPTORS = 10;

// Binaries come before the wrapper scripts that distributions put into /usr/bin. A script that does not exec leaves a
// shell between us and the browser, and that shell takes the signals and the numbered descriptors.
const SYSTEM_CANDIDATES: readonly string[] = [
  '/usr/lib/chromium/chromium-headless-shell',
  '/usr/lib/chromium-browser/headless_shell',
  '/usr/lib64/chromium-browser/headless_shell',
  '/headless-shell/headless-shell',
  '/usr/bin/chromium-headless-shell',
  '/usr/lib/chromium/chromium',
  '/usr/lib64/chromium/chromium',
  '/usr/lib/chromium-browser/chromium-browser',
  '/usr/lib64/chromium-browser/chromium-browser',
  '/opt/google/chrome/chrome',
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome-stable',
  '/usr/bin/google-chrome',
];

/** Where Playwright's registry puts executables, best first; a folder is `<prefix><revision>`. */
const PLAYWRIGHT_BUILDS = [
  { prefix: 'chromium_headless_shell-', executables: ['headless_shell', 'chrome-headless-shell'] },
  { prefix: 'chromium-', executables: ['chrome'] },
] as const;

export interface Chromium {
  /** The executable to spawn; absolute. */
  readonly path: string;
  /** Four numbers, as the browser tells them. */
  readonly version: string;
  readonly origin: ChromiumOrigin;
  /** What it needs in its environment besides the usual: empty for all but the embedded one. */
  readonly env: Readonly<Record<string, string>>;
}

type ChromiumOrigin = 'setting' | 'system' | 'playwright' | 'embedded';

export interface DiscoverOptions {
  /** When given, the only candidate. */
  readonly setting: string | undefined;
  readonly homeDir: string;
  /** The embedded Chromium goes into a folder in there. */
  readonly cacheDir: string;
  /** Whether other users may run what is in there. */
  readonly isForAll?: boolean | undefined;
  readonly playwrightBrowsersPath: string | undefined;
  /** Executables to try as the system's, in this order; the default is a table of where distributions put them. */
  readonly systemRoots?: readonly string[];
  /** An LD_LIBRARY_PATH that the embedded one keeps behind its own. */
  readonly libraryPath?: string | undefined;
  readonly versionWaitMsMax?: number;
  /** Takes one line for people: what was skipped and why, and that something is being unpacked. */
  readonly progress: (message: string) => void;
}

/**
 * The setting, else a headless shell of the system, another Chromium of the system, Playwright's, the embedded one.
 * @throws {Error} when the setting cannot be run, or nothing at all can; the message is for the administrator.
 */
export async function discoverChromium(options: DiscoverOptions): Promise<Chromium> {
  if (options.setting !== undefined) return await discoverSetting(options.setting, options);
  const tried = new Set<string>();
  for await (const { origin, path } of candidates(options)) {
    // A wrapper script may lead to a binary that was tried already.
    if (tried.has(path)) continue;
    tried.add(path);
    const version = await readVersion(path, {}, options).catch((error: unknown) => {
      options.progress(`skipped ${path}: ${messageOf(error)}`);
      return undefined;
    });
    if (version !== undefined) return { path, version, origin, env: {} };
  }
  try {
    const { path, env } = await prepareEmbedded(options);
    return { path, env, version: await readVersion(path, env, options), origin: 'embedded' };
  } catch (error) {
    const remedy = 'install chromium-headless-shell or set CHROMIUM_PATH';
    throw new Error(
      `no Chromium found on this machine, and the embedded one cannot be used: ${messageOf(error)}; ${remedy}`,
      {
        cause: error,
      },
    );
  }
}

/** Why the file that a setting names cannot be run, for the administrator; null: nothing speaks against it. */
export async function complaintOn(setting: string): Promise<string | null> {
  return (await isExecutable(resolve(setting))) ? null : `CHROMIUM_PATH=${setting} is not an executable file`;
}

async function discoverSetting(setting: string, options: DiscoverOptions): Promise<Chromium> {
  const complaint = await complaintOn(setting);
  if (complaint !== null) throw new Error(complaint);
  const path = await unwrap(resolve(setting));
  try {
    const version = await readVersion(path, {}, options);
    return { path, version, origin: 'setting', env: {} };
  } catch (error) {
    throw new Error(`CHROMIUM_PATH=${setting} cannot be used: ${messageOf(error)}`, { cause: error });
  }
}

interface Candidate {
  readonly origin: ChromiumOrigin;
  readonly path: string;
}

/** Executables that are there, best first. Lazy: once one runs, no more are looked for. */
async function* candidates(options: DiscoverOptions): AsyncGenerator<Candidate> {
  for (const path of options.systemRoots ?? SYSTEM_CANDIDATES) {
    if (!(await isExecutable(path))) continue;
    if (await isSnap(path)) options.progress(`skipped ${path}: a snap cannot open the pipes that it is driven by`);
    else yield { origin: 'system', path: await unwrap(path) };
  }
  const registry = options.playwrightBrowsersPath || join(options.homeDir, '.cache', 'ms-playwright');
  for await (const path of playwrightExecutables(resolve(registry))) yield { origin: 'playwright', path };
}

async function* playwrightExecutables(registry: string): AsyncGenerator<string> {
  const names = await readdir(registry).catch(() => []);
  for (const { prefix, executables } of PLAYWRIGHT_BUILDS) {
    const builds = names
      .filter((name) => name.startsWith(prefix) && /^\d+$/.test(name.slice(prefix.length)))
      .sort((a, b) => Number(b.slice(prefix.length)) - Number(a.slice(prefix.length)));
    for (const build of builds) {
      // The name has changed before: chrome-linux, chrome-linux64, chrome-headless-shell-linux64.
      const folders = await readdir(join(registry, build)).catch(() => []);
      for (const folder of folders.filter((name) => name.startsWith('chrome-')).sort()) {
        for (const executable of executables) {
          const path = join(registry, build, folder, executable);
          if (await isExecutable(path)) yield path;
        }
      }
    }
  }
}

/** The headless shell that a wrapper script runs without exec, as Debian's does; any other path unchanged. */
async function unwrap(path: string): Promise<string> {
  const script = await scriptText(path);
  const inner = /^\s*(?:exec\s+)?"?(\/[^\s"']*headless[-_]shell)"?\s+"\$@"\s*$/m.exec(script)?.[1];
  return inner !== undefined && (await isExecutable(inner)) ? inner : path;
}

// Ubuntu's /usr/bin/chromium-browser is a script that starts a snap, or tells how to install it.
async function isSnap(path: string): Promise<boolean> {
  if (basename(await realpath(path)) === 'snap') return true;
  return (await scriptText(path)).includes('/snap/bin/');
}

/** The beginning of a script; empty when the file is no script. */
async function scriptText(path: string): Promise<string> {
  // Not every file that may be run may be read.
  const file = await open(path, 'r').catch(() => undefined);
  if (file === undefined) return '';
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(SCRIPT_BYTES_READ), 0, SCRIPT_BYTES_READ, 0);
    const text = buffer.toString('latin1', 0, bytesRead);
    return text.startsWith('#!') ? text : '';
  } finally {
    await file.close();
  }
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}

/** Runs it with `--version`, in an environment as bare as the one it will work in. */
async function readVersion(
  path: string,
  env: Readonly<Record<string, string>>,
  { homeDir, versionWaitMsMax = VERSION_WAIT_MS_MAX }: DiscoverOptions,
): Promise<string> {
  checkDescriptors();
  const { stdout, detail } = await new Promise<{ stdout: string; detail: string }>((settle, reject) => {
    const child: ChildProcess = spawn(path, ['--version'], {
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: '/usr/local/bin:/usr/bin:/bin', HOME: homeDir, ...env },
    });
    const output = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) {
      // The stream is missing when the child could not be spawned; 'error' tells of that.
      child[name]?.setEncoding('utf8').on('data', (text: string) => {
        output[name] = (output[name] + text).slice(0, VERSION_OUTPUT_BYTES_MAX);
      });
    }
    const timer = setTimeout(() => {
      // The whole group is killed: a wrapper script's child would live on and hold the pipes open.
      if (child.pid !== undefined) killGroup(child.pid);
      reject(new Error(`--version gave no answer within ${versionWaitMsMax} ms`));
    }, versionWaitMsMax);
    child.once('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    child.once('close', (code, signal) => {
      clearTimeout(timer);
      const firstLine = output.stderr.trim().split('\n')[0] ?? '';
      settle({ stdout: code === 0 ? output.stdout : '', detail: `${signal ?? `exit code ${code}`} ${firstLine}` });
    });
  });
  const version = /(?<![\d.])\d+(?:\.\d+){3}(?![\d.])/.exec(stdout)?.[0];
  if (version === undefined) throw new Error(`--version gave no version (${detail.trim()})`);
  return version;
}

/**
 * When there are too few, Node.js leaves open those of a child's pipes that it has already made.
 * @throws {Error} EMFILE.
 */
function checkDescriptors(): void {
  const held: number[] = [];
  try {
    for (let i = 0; i < CHILD_DESCRIPTORS; i++) held.push(openSync('/dev/null', 'r'));
  } finally {
    for (const descriptor of held) closeSync(descriptor);
  }
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended meanwhile.
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
