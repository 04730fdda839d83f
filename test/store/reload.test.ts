/**
 * Random lives with restarts and kills in between. After each, the rows are those that the ring in memory had at the
 * stop or at the last flush. A failure prints the seed and the shortest life that shows it.
 */

import { copyFileSync } from 'node:fs';
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createFakeClock, type FakeClock } from '../metrics/fake-clock.js';
import { checkSums, type JsonRow, type Life, makeFolder, PERIOD_MS, START_MS, startLife } from './life.js';

const RUN_COUNT = 60;

type Step =
  | { readonly kind: 'session'; readonly runMs: number; readonly failure: string | null }
  | { readonly kind: 'start' | 'flush' }
  | { readonly kind: 'pass'; readonly ms: number }
  | { readonly kind: 'reload' | 'crash'; readonly periods: number; readonly awayMs: number; readonly stepMs: number };

const awayMs = fc.constantFrom(0, 0, 1000, PERIOD_MS, 7 * PERIOD_MS);
const stepMs = fc.constantFrom(0, 0, 0, -PERIOD_MS, -3 * PERIOD_MS, 2 * PERIOD_MS);
const periods = fc.constantFrom(3, 3, 3, 2, 5);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('session'),
      runMs: fc.oneof(fc.nat(100), fc.nat(900_000)),
      failure: fc.option(fc.constantFrom('error', 'timeout')),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom('start', 'flush') }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('pass'), ms: fc.nat(PERIOD_MS) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('reload', 'crash'), periods, awayMs, stepMs }) },
);

const test = suite('store, random lives');
const folder = makeFolder('reload');
test.after(() => folder.remove());

/** The rows that a ring of `count` periods has at `nowMs` after these rows. */
function expected(rows: readonly JsonRow[], count: number, nowMs: number): object[] {
  const date = Math.floor(nowMs / PERIOD_MS) * PERIOD_MS;
  const last = rows.at(-1);
  if (last && (last['date'] ?? 0) >= date) return [...rows.slice(-count - 1, -1), { ...last, running: 0 }];
  return [...rows.slice(-count), { date, sessionTimes: [], successful: 0 }];
}

async function restart(life: Life, at: Extract<Step, { periods: number }>, name: string): Promise<Life> {
  const { clock } = life;
  let path = folder.of(name);
  if (at.kind === 'crash') {
    await life.history.flush();
    const before = life.rows();
    // What comes after the flush is lost. The copy is what a kill leaves.
    copyFileSync(path, folder.of(`${name}-copy`));
    life.session(999_999);
    await life.history.close();
    path = folder.of(`${name}-copy`);
    copyFileSync(path, folder.of(name));
    return await compare(before, clock, at, folder.of(name));
  }
  await life.history.close();
  return await compare(life.rows(), clock, at, path);
}

async function compare(
  before: readonly JsonRow[],
  clock: FakeClock,
  { periods: count, awayMs: away, stepMs: stepped }: Extract<Step, { periods: number }>,
  path: string,
): Promise<Life> {
  clock.pass(away);
  clock.step(stepped);
  const life = await startLife({ path, periods: count, clock });
  const wanted = expected(before, count, clock.epochMs());
  const found = life.rows();
  assert.is(found.length, wanted.length);
  for (const [i, row] of found.entries()) {
    const want = wanted[i] ?? {};
    assert.equal(Object.fromEntries(Object.entries(row).filter(([key]) => key in want)), want);
  }
  checkSums(life.ring);
  await life.history.flush();
  return life;
}

test('after every restart the rows are those that were there', async () => {
  let reloads = 0;
  let run = 0;
  const property = fc.asyncProperty(fc.array(step, { maxLength: 40, size: 'max' }), async (steps) => {
    const name = `run-${run++}`;
    let life = await startLife({ path: folder.of(name), periods: 3, clock: createFakeClock(START_MS) });
    await life.history.flush();
    for (const one of steps) {
      switch (one.kind) {
        case 'session':
          life.session(one.runMs, one.failure ?? undefined);
          break;
        case 'start':
          life.start();
          break;
        case 'flush':
          await life.history.flush();
          break;
        case 'pass':
          life.clock.pass(one.ms);
          life.fold.roll();
          break;
        case 'reload':
        case 'crash':
          reloads++;
          life = await restart(life, one, name);
      }
    }
    assert.equal(life.failures, []);
    await life.history.close();
    folder.clear();
  });
  await fc.assert(property, { numRuns: RUN_COUNT });
  console.log(`${reloads} restarts in ${RUN_COUNT} lives`);
});

test.run();
