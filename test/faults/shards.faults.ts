/**
 * A shard that is lost though its process lives: it spins, its browser is frozen or cannot open a page, or its files
 * are away for a while. It comes back by itself, and the server says the truth meanwhile.
 */

import { cpSync, mkdtempSync, readdirSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { readTypeFlag } from '../../src/host/process-files.js';
import { deadline, until } from '../deadline.js';
import { checkIdentities } from '../end-to-end/identities.js';
import { aliveInGroups, processes, signalAll } from '../end-to-end/processes.js';
import { type Program, startProgram } from '../end-to-end/program.js';
import { atRest, ready, type Server, samplesOf, start, total } from '../end-to-end/server.js';
import { makeTempDir } from '../temp-dir.js';

const test = suite('faults/shards');
const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const tempDir = makeTempDir('shards');
let server: Server;

test.before(async () => {
  server = await start({ CONCURRENT: '8' }, tempDir);
  await ready(server);
  await atRest(server);
});

test.after(async () => {
  await server.stop();
  rmSync(tempDir, { recursive: true });
});

async function recovered(): Promise<void> {
  await atRest(server);
  await checkIdentities(server);
  const fresh = await deadline(server.post('/content', { html: '<p>fresh</p>' }), 5_000, 'a fresh job');
  assert.is(fresh.status, 200);
  await atRest(server);
}

async function counted(name: string, part: string): Promise<number> {
  return total(await server.samples(), `headcount_${name}`, part);
}

/** Pids of a browser's processes of a type, by their group. */
function processesOf(group: number | null | undefined, type: string): number[] {
  const pids = processes().flatMap((one) => (one.group === group ? [one.pid] : []));
  return pids.filter((pid) => readTypeFlag('/proc', pid) === type);
}

test('a browser without its zygote answers and opens no page: it is replaced, the other serves meanwhile', async () => {
  const [broken, other] = server.headcount.browserPids();
  const zygotes = processesOf(broken, 'zygote');
  assert.ok(signalAll(zygotes, 'SIGKILL') > 0);
  // In both kinds of context, until it has been noticed. In the sandbox the renderers went with the zygote, and nobody
  // tells Chromium. The session on the ready page finds out by its limit.
  const isReplaced = async (): Promise<boolean> => {
    await Promise.all([
      server.post('/content?timeout=5000', { html: 'x' }).then((response) => response.text()),
      server.post('/content?timeout=5000', { html: 'x', userAgent: 'any' }).then((response) => response.text()),
    ]);
    return (await counted('browser_exits_total', 'reason="no_pages"')) === 1;
  };
  await until(isReplaced, 30_000, 'the browser to be replaced');
  await recovered();
  assert.ok(server.headcount.browserPids().includes(other ?? -1), 'the other one was left alone');
  assert.not.ok(server.headcount.browserPids().includes(broken ?? -1));
  for (let i = 0; i < 8; i++) assert.is((await server.post('/content', { html: 'x' })).status, 200);
});

test('a frozen browser is ended, idle or busy, and another started', async () => {
  const [idle] = server.headcount.browserPids();
  process.kill(-(idle ?? 0), 'SIGSTOP');
  await until(() => !server.headcount.browserPids().includes(idle ?? 0), 15_000, 'the frozen one to be gone');
  await recovered();
  const [first, second] = server.headcount.browserPids();
  const sessions = [1, 2, 3, 4].map(() => server.post('/content', { html: 'x', waitForTimeout: 60_000 }));
  await until(async () => (await counted('sessions_active', '')) === 4, 5_000, 'the sessions');
  process.kill(-(first ?? 0), 'SIGSTOP');
  const codes = Promise.race(sessions.map(async (response) => JSON.parse(await (await response).text()).error.code));
  assert.is(await deadline(codes, 15_000, 'a session to be settled'), 'BROWSER_CRASHED');
  assert.is((await server.get('/kill/all')).status, 204);
  await Promise.all(sessions);
  await recovered();
  assert.is(await counted('browser_exits_total', 'reason="unresponsive"'), 2);
  assert.ok(server.headcount.browserPids().includes(second ?? 0), 'the other one was left alone');
});

test('a thread that spins is ended by its heartbeat, the other serves meanwhile', async () => {
  const spinning = server.post('/test?operation=spin&timeout=-1', {}).catch(() => null);
  const spun = server.post('/test?operation=spin', {});
  for (let i = 0; i < 4; i++) {
    const sent = await deadline(server.post('/test?operation=null', {}), 20_000, 'a session beside it');
    assert.ok([200, 502].includes(sent.status));
  }
  assert.is(JSON.parse(await (await deadline(spun, 20_000, 'its session')).text()).error.code, 'WORKER_CRASHED');
  await spinning;
  await recovered();
  assert.ok((await counted('worker_restarts_total', 'reason="unresponsive"')) >= 1);
});

test('the temporary folder is removed under the server: it is there again with the next browser', async () => {
  const [folder = ''] = readdirSync(tempDir);
  const before = server.headcount.browserPids();
  // Browsers go on writing into the folder meanwhile, so it could not be removed where it is.
  const aside = mkdtempSync(join(tmpdir(), 'headcount-test-removed-'));
  renameSync(join(tempDir, folder), join(aside, folder));
  for (const pid of before) process.kill(-(pid ?? 0), 'SIGKILL');
  await until(() => !server.headcount.browserPids().some((pid) => before.includes(pid)), 5_000, 'the deaths');
  await recovered();
  assert.equal(readdirSync(tempDir), [folder]);
  assert.ok(readdirSync(join(tempDir, folder)).includes('lock'));
  rmSync(aside, { recursive: true });
});

test('nothing of a dead thread stays on the disk', async () => {
  const [folder = ''] = readdirSync(tempDir);
  for (const operation of ['exit', 'throw', 'exit']) {
    await (await server.post(`/test?operation=${operation}`, {})).text();
    await recovered();
  }
  const left = readdirSync(join(tempDir, folder)).filter((name) => !name.startsWith('browser-') && name !== 'lock');
  assert.equal(left, []);
  assert.is(readdirSync(join(tempDir, folder)).filter((name) => name.startsWith('browser-')).length, 2);
});

test('sessions leave no listener, call, session or page with the browser, whatever their context and end', async () => {
  const single = await start({ WORKERS: '1', CONCURRENT: '4', TIMEOUT: '5000' }, tempDir);
  try {
    await ready(single);
    const census = async (): Promise<Record<string, unknown>> => {
      const ask = () => single.post('/test?operation=census', {});
      await until(async () => JSON.parse(await (await single.get('/sessions')).text()).length === 0, 10_000, 'rest');
      const told = async () => JSON.parse(await (await ask()).text()).connection;
      // One page is kept ready, and made again after a session.
      await until(async () => (await told()).pages === 1 && (await told()).calls <= 1, 10_000, 'the page kept ready');
      const { calls: _, ...held } = await told();
      return held;
    };
    const makes = [
      { html: '<p>x' },
      { html: '<p>x', waitForSelector: { selector: 'p' } },
      { html: '<p>x', userAgent: 'any' },
      { html: '<p>x', waitForTimeout: 5_000 },
      { url: 'http://127.0.0.1:1/' },
    ];
    const round = async (): Promise<void> => {
      for (const body of makes) {
        const two = [0, 1].map(() => single.post('/content?timeout=400', body));
        await Promise.all(two.map(async (response) => (await response).text()));
      }
      // The page that is kept ready is of the last session's kind.
      assert.is((await single.post('/content', { html: 'x' })).status, 200);
    };
    await round();
    const before = await census();
    for (let i = 0; i < 4; i++) await round();
    // A session that ran into its limit has the browser tried, with a page that is there for a moment.
    const isBack = async (): Promise<boolean> => isDeepStrictEqual(await census(), before);
    await until(isBack, 15_000, 'what was held before').catch(async () => assert.equal(await census(), before));
  } finally {
    await single.stop();
  }
});

/** A server with a copy of the program, so that files of it can be taken away. */
async function startCopy(): Promise<{ readonly program: Program; readonly folder: string }> {
  const folder = mkdtempSync(join(tempDir, 'copy-'));
  cpSync(join(ROOT, 'dist/src'), join(folder, 'dist/src'), { recursive: true });
  for (const name of ['package.json', 'src']) cpSync(join(ROOT, name), join(folder, name), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  const program = await startProgram({
    settings: { WORKERS: '1', TMPDIR: folder },
    main: join(folder, 'dist/src/main.js'),
  });
  return { program, folder };
}

test('a thread dies while a file of the program is away: tried on, said, and well again when it is back', async () => {
  const { program, folder } = await startCopy();
  const ask = async (path: string, init: RequestInit = {}): Promise<Response> => await fetch(program.url + path, init);
  const readyNow = async (): Promise<string> => {
    const response = await ask('/health/ready');
    return `${response.status} ${JSON.parse(await response.text()).reason ?? ''}`;
  };
  const said = (text: string): number => program.output().split(text).length - 1;
  try {
    for (const name of ['thread.js', 'entry.js']) {
      const file = join(folder, 'dist/src/worker', name);
      assert.is(await readyNow(), '200 ');
      renameSync(file, `${file}.away`);
      const ended = await ask('/test?operation=exit', { method: 'POST' });
      assert.equal([ended.status, await ended.text()], [502, 'the worker died: it ended with code 3\n']);
      assert.is(await readyNow(), '503 browser');
      const { pressure } = JSON.parse(await (await ask('/pressure')).text());
      assert.equal([pressure.isAvailable, pressure.reason, pressure.message], [false, 'browser', '']);
      const rebuilt = async (): Promise<number> => {
        const text = await (await ask('/prometheus', { headers: { accept: 'text/plain' } })).text();
        assert.is(total(samplesOf(text), 'headcount_workers', 'state="starting"'), 1);
        return total(samplesOf(text), 'headcount_worker_restarts_total', 'reason="pool_rebuilt"');
      };
      const before = await rebuilt();
      await until(async () => (await rebuilt()) >= before + 3, 15_000, 'three tries');
      assert.is(await readyNow(), '503 browser');
      const begun = said('"a worker thread cannot be started; it is tried on"');
      renameSync(`${file}.away`, file);
      // At most 5 s until the next try, and then the time that a thread and a browser need.
      await until(async () => (await readyNow()) === '200 ', 15_000, `ready again with ${name}`);
      assert.is(said('"a worker thread cannot be started; it is tried on"'), begun, 'once, not at each try');
      assert.is(said('"all worker threads work again"'), begun);
      const fresh = await ask('/content', { method: 'POST', body: 'x', headers: { 'content-type': 'text/html' } });
      assert.is(fresh.status, 200);
    }
  } finally {
    program.child.kill('SIGTERM');
    assert.is(await deadline(program.exit, 10_000, 'the end'), 0);
  }
});

test('an error that nobody caught ends the server, with its books and its history kept', async () => {
  const METRICS_FILE = join(tempDir, 'kept.ring');
  const program = await startProgram({ settings: { METRICS_FILE, TMPDIR: tempDir, METRICS_PERIOD_MS: '86400000' } });
  const post = (path: string, body: object) =>
    fetch(program.url + path, {
      method: 'POST',
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json' },
    });
  assert.is((await post('/test?operation=null', {})).status, 200);
  const slow = post('/content', { html: 'x', waitForTimeout: 20_000 }).then(
    () => 'answered',
    () => 'cut off',
  );
  const running = async () => JSON.parse(await (await fetch(`${program.url}/sessions`)).text()).length === 1;
  await until(running, 5_000, 'a running session');
  void post('/test?operation=main-throw', {}).catch(() => {});
  assert.is(await deadline(program.exit, 10_000, 'the end'), 1);
  await slow;
  assert.match(program.output(), /"level":60.*thrown on purpose.*"msg":"bug"/);
  assert.match(program.output(), /"reason":"killed"/);
  const next = await startProgram({ settings: { METRICS_FILE, TMPDIR: tempDir, METRICS_PERIOD_MS: '86400000' } });
  const totals = JSON.parse(await (await fetch(`${next.url}/metrics/all`)).text());
  assert.equal([totals.successful, totals.error, totals.sessionTimes.length], [1, 1, 2]);
  next.child.kill('SIGTERM');
  assert.is(await deadline(next.exit, 10_000, 'the end'), 0);
  assert.equal(aliveInGroups([...program.pids(), ...next.pids()]), [], 'its browsers went with it');
});

test.run();
