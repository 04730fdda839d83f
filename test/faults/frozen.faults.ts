/**
 * A helping process of a browser stands still: Chromium answers and opens pages, and does not draw or does not load.
 * The first session that runs into its limit makes its worker look, and the browser is replaced.
 */

import { rmSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { readTypeFlag } from '../../src/host/process-files.js';
import { deadline, until } from '../deadline.js';
import { checkIdentities } from '../end-to-end/identities.js';
import { processes, signalAll } from '../end-to-end/processes.js';
import { ready, type Server, start, total } from '../end-to-end/server.js';
import { makeTempDir } from '../temp-dir.js';

const test = suite('faults/frozen');
const tempDir = makeTempDir('frozen');
let server: Server;

test.before(async () => {
  server = await start({ WORKERS: '1' }, tempDir);
  await ready(server);
});

test.after(async () => {
  await server.stop();
  rmSync(tempDir, { recursive: true });
});

const CASES = [
  { type: 'gpu-process', path: '/screenshot', body: { html: '<p>x' } },
  { type: 'utility', path: '/content', body: { url: 'http://127.0.0.1:1/' } },
] as const;

for (const { type, path, body } of CASES) {
  test(`${type}: frozen, and its browser is replaced`, async () => {
    const [browser] = server.headcount.browserPids();
    const found = () =>
      processes().filter(({ pid, group }) => group === browser && readTypeFlag('/proc', pid) === type);
    const frozen = await until(() => (found().length > 0 ? found() : null), 10_000, 'its process');
    const before = total(await server.samples(), 'headcount_browser_exits_total', 'reason="unresponsive"');
    assert.ok(
      signalAll(
        frozen.map(({ pid }) => pid),
        'SIGSTOP',
      ) > 0,
    );
    const stuck = await deadline(server.post(`${path}?timeout=3000`, body), 20_000, 'its limit');
    assert.is(stuck.status, 408);
    const exits = async () => total(await server.samples(), 'headcount_browser_exits_total', 'reason="unresponsive"');
    await until(async () => (await exits()) === before + 1, 60_000, 'the browser to be ended');
    await ready(server);
    const fresh = await deadline(server.post('/screenshot', { html: '<p>x' }), 20_000, 'a picture');
    assert.is(fresh.status, 200);
    assert.is((await server.post('/content', { url: 'http://127.0.0.1:1/' })).status, 502);
    await until(async () => JSON.parse(await (await server.get('/sessions')).text()).length === 0, 10_000, 'rest');
    await checkIdentities(server);
  });
}

test.run();
