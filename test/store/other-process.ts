/**
 * A server in a process of its own, for tests that need one to be killed or in the way. It folds and flushes as fast as
 * it can, and tells after each flush what must be in the file from then on. Arguments: the path, the epoch ms at which
 * its clock starts, and `hold` to only open the file.
 */

import { writeSync } from 'node:fs';
import { word } from '../../src/metrics/row.js';
import { createFakeClock } from '../metrics/fake-clock.js';
import { type Life, PERIOD_MS, startLife } from './life.js';

export const OTHER_PERIODS = 8;

/** One line on stdout. */
export interface Told {
  /** `written`, or why nothing was written. */
  readonly state: string;
  readonly date: number;
  readonly settled: number;
  readonly totalTime: number;
}

const [path, startMs, mode] = process.argv.slice(2);
if (path !== undefined && startMs !== undefined) {
  const life = await startLife({ path, periods: OTHER_PERIODS, clock: createFakeClock(Number(startMs)) });
  await life.history.flush();
  tell(life);
  // A timer keeps the process alive until it is killed.
  setInterval(() => {}, 1000);
  if (mode !== 'hold') await run(life);
}

async function run(life: Life): Promise<void> {
  for (let round = 0; ; round++) {
    for (let i = 0; i < 1 + (round % 40); i++)
      life.session(1 + ((round * 31 + i * 7) % 5000), i % 5 ? undefined : 'error');
    life.clock.pass(PERIOD_MS / 50);
    life.fold.roll();
    await life.history.flush();
    tell(life);
  }
}

function tell({ ring, failures, flushesMs }: Life): void {
  const row = ring.open();
  const told: Told = {
    state: failures[0] ?? (flushesMs.length > 0 ? 'written' : 'not written'),
    date: word(row, 'date'),
    settled: word(row, 'settled'),
    totalTime: word(row, 'totalTime'),
  };
  writeSync(1, `${JSON.stringify(told)}\n`);
}
