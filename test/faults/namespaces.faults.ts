/**
 * Servers that share a folder for temporary files and have separate pids, like containers with a common volume. And
 * Chromium's own namespaces, in which its sandbox hides processes from a sweep. Needs root, to make the former, and to
 * be another user for the latter.
 */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, readdirSync, readlinkSync, realpathSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { readStat } from '../../src/host/process-files.js';
import { readNumericNames } from '../../src/host/virtual-files.js';
import { deadline, until } from '../deadline.js';
import { signalAll, stopGroups } from '../end-to-end/processes.js';
import { makeTempDir } from '../temp-dir.js';
import { PERL, without } from './hide.js';
import { needs } from './needs.js';

const MAIN = fileURLToPath(new URL('../../src/main.js', import.meta.url));
const NODE = realpathSync(process.execPath);
const START_MS = 30_000;
const END_MS = 10_000;
const HOME = process.env['HOME'];
const NOBODY = 65_534;
const AS_NOBODY = ['setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups'];
/** The zygote, the one below it, and a renderer. */
const HIDDEN_COUNT_MIN = 3;
const NAMESPACE = ['unshare', '--pid', '--fork', '--kill-child', '--mount-proc'];
/**
 * Uses up pids first. So nobody in the other namespace has the server's pid, which there would mean that it is gone.
 */
const LATE = ['sh', '-c', 'i=0; while [ $i -lt 40 ]; do /bin/true; i=$((i+1)); done; "$@" & wait', 'sh'];

interface Context {
  tempDir: string;
  /** End what was started. */
  ends: (() => void)[];
}

interface Server {
  readonly folder: string;
  /** Of the server itself, as this process sees it. */
  readonly pid: number;
  /** Of its browser, which leads a process group. */
  readonly browserPid: number;
  status(): Promise<number>;
  /** Ends it and waits until it has ended. */
  end(signal: NodeJS.Signals): Promise<void>;
}

const test = suite<Context>('faults/namespaces');
const rootTest = needs(test, { root: true, tools: ['unshare', 'setpriv'] });

test.before.each((context) => {
  context.tempDir = makeTempDir('namespaces');
  context.ends = [];
});
test.after.each(({ tempDir, ends }) => {
  for (const end of ends) end();
  rmSync(tempDir, { recursive: true, force: true });
});

/** Runs `command` with the program as its last arguments. */
async function start({ tempDir, ends }: Context, command: readonly string[], home = HOME): Promise<Server> {
  const before = readdirSync(tempDir);
  const settings = { TMPDIR: tempDir, PORT: '0', WORKERS: '1', METRICS_FILE: 'none' };
  const [program = '', ...args] = [...command, process.execPath, MAIN];
  const child = spawn(program, args, { env: { PATH: process.env['PATH'], HOME: home, ...settings } });
  const exit = once(child, 'exit');
  ends.push(() => child.kill('SIGKILL'));
  let output = '';
  for (const pipe of [child.stdout, child.stderr]) {
    pipe.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  await until(() => output.includes('"browser ready"') || child.exitCode !== null, START_MS, 'a browser');
  const [folder = ''] = readdirSync(tempDir).filter((name) => /^headcount-/.test(name) && !before.includes(name));
  assert.ok(folder, output);
  const browserPid = processes().find(({ cwd }) => cwd.startsWith(join(tempDir, folder)))?.group ?? 0;
  assert.ok(browserPid > 0, 'its browser is in its folder');
  ends.push(() => signalAll([-browserPid], 'SIGKILL'));
  const pid = serverBelow(child.pid ?? 0);
  return {
    folder,
    pid,
    browserPid,
    async status() {
      const init = { method: 'POST', body: '{"html":"x"}', headers: { 'content-type': 'application/json' } };
      return (await fetch(`${/"url":"([^"]+)"/.exec(output)?.[1]}/content`, init)).status;
    },
    async end(signal) {
      signalAll([pid], signal);
      await deadline(exit, END_MS, 'the end of a server');
    },
  };
}

function processes() {
  return (readNumericNames('/proc') ?? []).flatMap((pid) => {
    const stat = readStat('/proc', pid);
    return stat === null ? [] : [{ pid, parent: stat.parentPid, group: stat.groupId, cwd: linkOf(pid, 'cwd') }];
  });
}

/** The first process below `pid` that runs Node.js. */
function serverBelow(pid: number): number {
  if (linkOf(pid, 'exe') === NODE) return pid;
  const child = processes().find(({ parent }) => parent === pid);
  return child === undefined ? 0 : serverBelow(child.pid);
}

function linkOf(pid: number, name: 'cwd' | 'exe'): string {
  try {
    return readlinkSync(`/proc/${pid}/${name}`);
  } catch {
    return '';
  }
}

function isRunning(pid: number): boolean {
  return readStat('/proc', pid)?.isDead === false;
}

rootTest("in pid namespaces of their own, neither touches what is the other's", async (context) => {
  const late = await start(context, [...NAMESPACE, ...LATE]);
  const folders = (): string[] => readdirSync(context.tempDir).sort();
  const check = async (...servers: Server[]): Promise<void> => {
    assert.equal(folders(), servers.map(({ folder }) => folder).sort());
    for (const { browserPid, status } of servers) {
      assert.ok(isRunning(browserPid), 'its browser is untouched');
      assert.is(await status(), 200);
    }
  };
  const early = await start(context, NAMESPACE);
  await check(late, early);
  const outside = await start(context, []);
  await check(late, early, outside);
  // Only what belonged to the killed server goes, and a stopped one does not count as killed.
  await early.end('SIGKILL');
  signalAll([late.pid], 'SIGSTOP');
  const next = await start(context, [...NAMESPACE, ...LATE]);
  signalAll([late.pid], 'SIGCONT');
  await check(late, outside, next);
  for (const server of [late, outside, next]) await server.end('SIGTERM');
  assert.equal(folders(), []);
});

rootTest('frozen in the sandbox, where renderers are elsewhere, a browser goes whole', async (context) => {
  chownSync(context.tempDir, NOBODY, NOBODY);
  // With perl the kernel itself may end frozen browsers, together with the server whose session they are in.
  const killed = await start(context, [...without(PERL), ...AS_NOBODY], context.tempDir);
  const members = () => processes().filter(({ group }) => group === killed.browserPid);
  const hidden = () => members().filter(({ cwd }) => !cwd.startsWith(context.tempDir));
  await until(() => hidden().length >= HIDDEN_COUNT_MIN, START_MS, 'zygotes and a renderer in the sandbox');
  const frozen = await stopGroups([killed.browserPid]);
  await killed.end('SIGKILL');
  assert.ok(frozen.every(isRunning), 'all outlive the server');
  const next = await start(context, AS_NOBODY, context.tempDir);
  assert.equal(frozen.filter(isRunning), []);
  await next.end('SIGTERM');
  assert.equal(readdirSync(context.tempDir), []);
});

test.run();
