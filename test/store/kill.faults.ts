/**
 * SIGKILL at random moments, under full load: all that was flushed is there, every sum is consistent, and the next life
 * goes on in the same file. The lock of the killed process is no obstacle.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createRing, type Ring } from '../../src/metrics/ring.js';
import { word } from '../../src/metrics/row.js';
import { deadline } from '../deadline.js';
import { createFakeClock } from '../metrics/fake-clock.js';
import { freshSeed, seededRandom } from '../seeded-random.js';
import { checkSums, makeFolder, PERIOD_MS, START_MS, startLife } from './life.js';
import { OTHER_PERIODS, type Told } from './other-process.js';

const SEED = freshSeed();
const KILL_COUNT = 25;
const LIFE_MAX_MS = 150;
const START_LIMIT_MS = 10_000;

const test = suite('store, killed');
const folder = makeFolder('kill');
const children: ChildProcess[] = [];
test.after(() => {
  for (const child of children) child.kill('SIGKILL');
  folder.remove();
});

/** Starts a process and waits until it has told of its first flush. `told` grows until it ends. */
async function startOther(path: string, startMs: number, mode = 'run'): Promise<{ child: ChildProcess; told: Told[] }> {
  const program = fileURLToPath(new URL('./other-process.js', import.meta.url));
  const child = spawn(process.execPath, [program, path, String(startMs), mode], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  const told: Told[] = [];
  let text = '';
  const first = new Promise<void>((resolve, reject) => {
    child.stdout?.setEncoding('utf8').on('data', (piece: string) => {
      const lines = (text + piece).split('\n');
      // A line that the kill has cut does not count.
      text = lines.pop() ?? '';
      told.push(...lines.map((line) => JSON.parse(line)));
      resolve();
    });
    child.once('exit', (code, signal) => reject(new Error(`ended with ${code ?? signal}`)));
  });
  await deadline(first, START_LIMIT_MS, 'the first flush');
  return { child, told };
}

async function kill(child: ChildProcess): Promise<void> {
  const ended = once(child, 'close');
  child.kill('SIGKILL');
  await deadline(ended, START_LIMIT_MS, 'the end of a killed process');
}

function findRow(ring: Ring, date: number): Float64Array | undefined {
  for (let sequence = ring.closed(); sequence >= Math.max(0, ring.closed() - ring.periods); sequence--) {
    if (word(ring.row(sequence), 'date') === date) return ring.row(sequence);
  }
  return undefined;
}

test(`${KILL_COUNT} kills, seed ${SEED}`, async () => {
  const random = seededRandom(SEED);
  const path = folder.of('headcount.ring');
  let nowMs = START_MS;
  let settled = 0;
  for (let round = 0; round < KILL_COUNT; round++) {
    const { child, told } = await startOther(path, nowMs);
    await new Promise((resolve) => setTimeout(resolve, random() * LIFE_MAX_MS));
    await kill(child);
    assert.ok(
      told.every(({ state }) => state === 'written'),
      `round ${round}: ${JSON.stringify(told[0])}`,
    );

    const life = await startLife({ path, periods: OTHER_PERIODS, clock: createFakeClock(nowMs), isAttached: false });
    await life.history.close();
    const errors = life.logs.filter((line) => !line.startsWith('info'));
    assert.equal(errors, [], `round ${round}`);
    const { restored } = life.history;
    const lastDate = restored?.rows.at(-1)?.[0] ?? 0;
    const ring = createRing({ periods: OTHER_PERIODS }, lastDate, restored);
    checkSums(ring);
    // A row must have at least what was told last of its period. It may have more, when the next flush was done too.
    const byDate = new Map(told.map((one) => [one.date, one]));
    for (const [date, one] of byDate) {
      const row = findRow(ring, date);
      if (date < lastDate - OTHER_PERIODS * PERIOD_MS) continue;
      assert.ok(row, `round ${round}: no row of ${date}`);
      assert.ok(word(row, 'settled') >= one.settled, `round ${round}: ${one.settled} were flushed`);
      assert.ok(word(row, 'totalTime') >= one.totalTime);
    }
    settled += told.at(-1)?.settled ?? 0;
    nowMs = lastDate + Math.floor(random() * 2) * PERIOD_MS;
  }
  assert.ok(settled > 0);
  const left = readdirSync(folder.path).filter((name) => name !== 'headcount.ring');
  assert.equal(left, [], 'no lock and no half file is left');
});

test('a second server serves, says so, and does not write; the first is not disturbed', async () => {
  const path = folder.of('shared.ring');
  const { child } = await startOther(path, START_MS, 'hold');
  const second = await startLife({ path, periods: OTHER_PERIODS });
  assert.is(second.history.restored, null);
  assert.match(second.logs.join('\n'), /^warn another server writes/);
  assert.equal(second.failures, ['locked']);
  second.session(1);
  await second.history.flush();
  await second.history.close();
  assert.equal(second.flushesMs, []);
  await kill(child);
  const third = await startLife({ path, periods: OTHER_PERIODS });
  assert.is(third.rows().at(-1)?.['successful'], 0, 'the second wrote nothing');
  third.session(1);
  await third.history.flush();
  assert.equal([third.failures, third.flushesMs.length], [[], 1]);
  await third.history.close();
});

test('a server that is stopped still holds its file', async () => {
  const path = folder.of('stopped.ring');
  const { child } = await startOther(path, START_MS, 'hold');
  child.kill('SIGSTOP');
  const second = await deadline(startLife({ path, periods: OTHER_PERIODS }), START_LIMIT_MS, 'the second');
  assert.equal(second.failures, ['locked']);
  await second.history.close();
  await kill(child);
});

test('of two that start at once, one writes', async () => {
  for (let round = 0; round < 3; round++) {
    const path = folder.of(`race-${round}.ring`);
    const both = await Promise.all([startOther(path, START_MS, 'hold'), startOther(path, START_MS, 'hold')]);
    const states = both.map(({ told }) => told[0]?.state).sort();
    assert.equal(states, ['locked', 'written']);
    await Promise.all(both.map(({ child }) => kill(child)));
  }
});

test.run();
