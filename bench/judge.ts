/**
 * Whether a target is met, missed, or not to be judged: because others used the machine, because the rounds differ too
 * much from each other, or because what was measured is noise. Pure, but for the look at how busy the machine is.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import { readHostCpu } from '../src/host/host-usage.js';
import type { BenchRow } from './row.js';

/** Share of the machine's CPUs that others may use, while nothing of the bench runs. */
const OTHERS_MAX = 0.1;
/** The middle half of the rounds' own values, over their median. */
const SPREAD_MAX = 0.25;
const LOOK_MS = 2_000;

/** As it stands in the table; empty for a line without a target. */
export function judge(row: BenchRow, othersShare: number): string {
  const { target, isMet, isCount = false, rounds = [], cost = row.ours } = row;
  if (target === null || isMet === null) return '';
  const percent = (ratio: number): string => `${Math.round(ratio * 100)} %`;
  if (!isCount && othersShare > OTHERS_MAX) return `not judged: others used ${percent(othersShare)} of the CPUs`;
  if (!isCount && cost < 0) return 'not judged: below 0, so it is noise';
  const spread = spreadOf(rounds);
  if (spread > SPREAD_MAX) return `not judged: the rounds differ by ${percent(spread)}`;
  return isMet ? 'yes' : 'NO';
}

/** Of some values the distance between their quartiles, over their median; 0 of too few. */
function spreadOf(values: readonly number[]): number {
  if (values.length < 3) return 0;
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number): number => {
    const place = share * (sorted.length - 1);
    const [below, above] = [sorted[Math.floor(place)] ?? Number.NaN, sorted[Math.ceil(place)] ?? Number.NaN];
    return below + (above - below) * (place % 1);
  };
  return (at(0.75) - at(0.25)) / Math.abs(at(0.5));
}

/**
 * The share of the CPUs, 0..1, that is used while this process only waits; what the hypervisor gave to others counts.
 * 0 where the kernel does not tell.
 */
export async function lookAtOthers(): Promise<number> {
  const before = readHostCpu('/').ticks;
  await sleep(LOOK_MS);
  const after = readHostCpu('/').ticks;
  return before && after ? (after.busy - before.busy) / Math.max(1, after.total - before.total) : 0;
}
