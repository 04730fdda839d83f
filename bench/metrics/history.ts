/**
 * `/metrics` and `/metrics/all` of a week at one session a second: 2016 rows of 300 session times. When only the live
 * row has changed, they take at most 1 ms and 5 ms of main thread besides writing the socket, with the snapshot.
 * Compared with objects and `JSON.stringify` (`alternatives/history-objects.ts`).
 */

import type { View } from '../../src/metrics/views/history.js';
import { type Core, createCore, nextPeriod, runSession, textOf } from '../../test/metrics/core.js';
import { EVERYTHING } from '../../test/metrics/views/selections.js';
import { type HistoryObject, renderHistory, renderTotals } from '../alternatives/history-objects.js';
import { medianMs, ratioOf } from '../measure.js';
import type { BenchRow } from '../row.js';

const PERIODS = 2016;
const SESSIONS = 300;
const BARE = { ...EVERYTHING, sessionTimes: false };
const ROUNDS = { rounds: 5, roundMs: 250 };

export async function run(): Promise<BenchRow[]> {
  const core = createWeek();
  const objects: HistoryObject[] = JSON.parse(textOf(core.history(core.snapshot(), EVERYTHING)));
  const megabytes = (textOf(core.history(core.snapshot(), EVERYTHING)).length / 1e6).toFixed(1);
  const cpuCell = core.layout.cellOf('headcount_cpu_ratio');
  // Adds a sample and no session, so the live row changes and keeps its 300 session times.
  const afterChange = (view: () => View) => (): number => {
    core.record(cpuCell, 0.5);
    return view().chunks.length;
  };
  const ms = await medianMs(
    {
      history: afterChange(() => core.history(core.snapshot(), EVERYTHING)),
      bareHistory: afterChange(() => core.history(core.snapshot(), BARE)),
      totals: afterChange(() => core.totals(core.snapshot(), EVERYTHING)),
      bareTotals: afterChange(() => core.totals(core.snapshot(), BARE)),
      objects: () => renderHistory(objects),
      objectTotals: () => renderTotals(objects),
    },
    ROUNDS,
  );
  const rolled = await medianMs(
    {
      history: afterPeriod(core, () => core.history(core.snapshot(), EVERYTHING)),
      totals: afterPeriod(core, () => core.totals(core.snapshot(), EVERYTHING)),
    },
    ROUNDS,
  );
  const row = (claim: string, ours: number, value: number, limitMs: number | null): BenchRow => ({
    claim,
    ours,
    compared: { with: 'objects, JSON.stringify', value },
    ratio: ratioOf(value, ours),
    target: limitMs === null ? null : `<= ${limitMs} ms`,
    isMet: limitMs === null ? null : ours <= limitMs,
  });
  return [
    row(`ms for /metrics, ${megabytes} MB, when the live row changed`, ms.history, ms.objects, 1),
    row('ms for /metrics/all when the live row changed', ms.totals, ms.objectTotals, 5),
    row('ms for /metrics?sessionTimes=false when the live row changed', ms.bareHistory, ms.objects, 1),
    row('ms for /metrics/all?sessionTimes=false when the live row changed', ms.bareTotals, ms.objectTotals, 1),
    row('ms for /metrics, once after a period has closed', rolled.history, ms.objects, null),
    row('ms for /metrics/all, once after a period has closed', rolled.totals, ms.objectTotals, null),
  ];
}

function afterPeriod(core: Core, view: () => View): () => unknown {
  return () => {
    for (let n = 0; n < 10; n++) runSession(core, timeOf(n));
    nextPeriod(core);
    const startMs = performance.now();
    view();
    return { overriddenDuration: performance.now() - startMs };
  };
}

function createWeek(): Core {
  const core = createCore();
  for (let period = 0; period < PERIODS; period++) {
    for (let n = 0; n < SESSIONS; n++) runSession(core, timeOf(period * SESSIONS + n));
    nextPeriod(core);
  }
  for (let n = 0; n < SESSIONS; n++) runSession(core, timeOf(n));
  return core;
}

/** Whole ms from 0 to 4 s, spread like run times: many short, few long. */
function timeOf(i: number): number {
  return Math.floor(4000 * ((i * 0.618_034) % 1) ** 3);
}
