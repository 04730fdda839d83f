/**
 * What Chromium is locked in on machines that allow more and less: its own user and sandbox, one of them, or neither.
 * In each case sessions are served, the log says which it is, and what it says is true. Needs root, to forbid things.
 */

import { chmodSync, chownSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { readStat, readTypeFlag } from '../../src/host/process-files.js';
import { findNumber, readNumericNames, readText } from '../../src/host/virtual-files.js';
import { deadline, until } from '../deadline.js';
import { type Program, startProgram } from '../end-to-end/program.js';
import { makeTempDir } from '../temp-dir.js';
import { needs } from './needs.js';

const END_MS = 15_000;
const RENDERER_MS = 15_000;
const UID = 65_533;
const NOBODY = 65_534;
/** As in /proc/PID/status. */
const FILTERED = 2;
const UNFILTERED = 0;
const AS_NOBODY = ['setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups'];
/**
 * In a user namespace with as many ids as a container has, in which no other one can be made. Its ids are written from
 * outside, so its root holds only from the next program on.
 */
const FORBIDDEN = [
  'sh',
  '-c',
  `ids='0 0 65536'
   (until echo $ids > /proc/$$/uid_map; do sleep 0.01; done; echo $ids > /proc/$$/gid_map) 2> /dev/null &
   exec unshare --user sh -c '
     until [ -n "$(cat /proc/self/gid_map)" ]; do sleep 0.01; done
     exec sh -c "echo 0 > /proc/sys/user/max_user_namespaces; exec \\"\\$@\\"" sh "$@"' sh "$@"`,
  'sh',
];

interface Context {
  tempDir: string;
}

const test = suite<Context>('faults/cage');
const rootTest = needs(test, { root: true, tools: ['unshare', 'setpriv'] });

test.before.each((context) => {
  context.tempDir = makeTempDir('cage');
});
test.after.each(({ tempDir }) => rmSync(tempDir, { recursive: true, force: true }));

/** Started by `before`, it serves. Then `look` looks at it, and it leaves nothing. */
async function withProgram(
  { tempDir }: Context,
  before: readonly string[],
  look: (program: Program) => Promise<void> | void,
): Promise<void> {
  const settings = { TMPDIR: tempDir, HOME: tempDir, WORKERS: '1', TOKEN: 'the-token' };
  const program = await startProgram({ command: [...before, process.execPath], settings });
  try {
    const headers = { authorization: 'Bearer the-token', 'content-type': 'application/json' };
    const served = await fetch(`${program.url}/content`, { method: 'POST', headers, body: '{"html":"served"}' });
    assert.is(served.status, 200);
    assert.match(await served.text(), 'served');
    await look(program);
    program.child.kill('SIGTERM');
    assert.is(await deadline(program.exit, END_MS, 'the end'), 0);
    assert.equal(readdirSync(tempDir), []);
  } finally {
    program.child.kill('SIGKILL');
  }
}

interface Said {
  readonly uid: number;
  readonly sandbox: boolean;
  /** Of the warning; empty when there is none. */
  readonly warning: string;
  readonly tried: readonly { readonly why: string }[];
}

function said({ output }: Program): Said {
  const lines = output()
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line));
  const { uid, sandbox } = lines.find(({ msg }) => msg === 'Chromium');
  const { msg = '', tried = [] } = lines.find(({ msg }) => msg.startsWith('Chromium runs ')) ?? {};
  return { uid, sandbox, warning: msg, tried };
}

/** A renderer of its browser whose system calls are filtered as `seccomp` says: its user, and its user namespace. */
async function rendererOf(program: Program, seccomp: number): Promise<{ uid: number; isOutside: boolean }> {
  const [browser] = program.pids();
  const find = () =>
    readNumericNames('/proc')?.find(
      (pid) =>
        readStat('/proc', pid)?.groupId === browser &&
        readTypeFlag('/proc', pid) === 'renderer' &&
        statusOf(pid, 'Seccomp') === seccomp,
    );
  const pid = await until(find, RENDERER_MS, `a renderer with Seccomp ${seccomp}`);
  const namespaceOf = (one: number | undefined) => readlinkSync(`/proc/${one}/ns/user`);
  return { uid: statusOf(pid, 'Uid'), isOutside: namespaceOf(pid) === namespaceOf(browser) };
}

function statusOf(pid: number, name: string): number {
  return findNumber(readText(`/proc/${pid}/status`) ?? '', `${name}:`) ?? -1;
}

rootTest('as root: another user, and its sandbox', async (context) => {
  await withProgram(context, [], async (program) => {
    assert.equal(said(program), { uid: UID, sandbox: true, warning: '', tried: [] });
    assert.equal(await rendererOf(program, FILTERED), { uid: UID, isOutside: false });
    for (const pid of program.pids()) assert.not.match(readFileSync(`/proc/${pid}/environ`, 'utf8'), 'the-token');
  });
});

rootTest('as root where user namespaces are forbidden: another user, and no sandbox', async (context) => {
  await withProgram(context, FORBIDDEN, async (program) => {
    const { uid, sandbox, warning, tried } = said(program);
    assert.equal({ uid, sandbox }, { uid: UID, sandbox: false });
    assert.match(warning, 'without its sandbox: allow user namespaces');
    assert.match(tried[0]?.why ?? '', 'No usable sandbox');
    assert.equal(await rendererOf(program, UNFILTERED), { uid: UID, isOutside: true });
  });
});

rootTest('as root without ids to be: itself, and no sandbox', async (context) => {
  await withProgram(context, ['unshare', '--user', '--map-root-user'], (program) => {
    const { uid, sandbox, warning, tried } = said(program);
    assert.equal({ uid, sandbox }, { uid: 0, sandbox: false });
    assert.match(warning, 'as root and without its sandbox');
    assert.match(tried[0]?.why ?? '', 'EINVAL');
  });
});

rootTest('as root with folders that it keeps to itself: itself, and no sandbox', async (context) => {
  chmodSync(context.tempDir, 0o700);
  await withProgram(context, [], (program) => {
    const { uid, sandbox, warning, tried } = said(program);
    assert.equal({ uid, sandbox }, { uid: 0, sandbox: false });
    assert.match(warning, 'let others pass to Chromium and TMPDIR');
    assert.match(tried[0]?.why ?? '', 'Permission denied');
  });
});

rootTest('as root that may not end what is not its own: itself, and no sandbox', async (context) => {
  await withProgram(context, ['setpriv', '--inh-caps=-kill', '--bounding-set=-kill'], (program) => {
    const { uid, sandbox, tried } = said(program);
    assert.equal({ uid, sandbox }, { uid: 0, sandbox: false });
    assert.is(tried[0]?.why, 'it cannot be ended');
  });
});

rootTest('as an ordinary user: its sandbox where user namespaces are allowed, else none', async (context) => {
  chownSync(context.tempDir, NOBODY, NOBODY);
  await withProgram(context, AS_NOBODY, async (program) => {
    assert.equal(said(program), { uid: NOBODY, sandbox: true, warning: '', tried: [] });
    assert.equal(await rendererOf(program, FILTERED), { uid: NOBODY, isOutside: false });
  });
  await withProgram(context, [...FORBIDDEN, ...AS_NOBODY], async (program) => {
    const { uid, sandbox, warning } = said(program);
    assert.equal({ uid, sandbox }, { uid: NOBODY, sandbox: false });
    assert.match(warning, 'without its sandbox: allow user namespaces');
    assert.equal(await rendererOf(program, UNFILTERED), { uid: NOBODY, isOutside: true });
  });
});

test.run();
