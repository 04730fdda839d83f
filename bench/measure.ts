/**
 * Measuring for the benchmarks. Contenders take turns, round after round, so that a noisy neighbour hurts both. What
 * they allocate is read from the heap.
 */

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Bench, type Fn } from 'tinybench';

const ROUNDS = 5;
const QUICK_ROUNDS = 2;
const ROUND_MS = 150;
const QUICK_ROUND_MS = 50;

/** The median over the rounds of each contender's median time for a call, in ms. */
export async function medianMs<Name extends string>(
  contenders: Readonly<Record<Name, Fn>>,
  { rounds = ROUNDS, roundMs = ROUND_MS } = {},
): Promise<Record<Name, number>> {
  const times = new Map<string, number[]>();
  const wanted = isQuick() ? QUICK_ROUNDS : rounds;
  const time = isQuick() ? QUICK_ROUND_MS : roundMs;
  for (let round = 0; round < wanted; round++) {
    const bench = new Bench({
      time,
      iterations: 8,
      warmupTime: time / 3,
      warmupIterations: 4,
      throws: true,
    });
    for (const [name, run] of Object.entries<Fn>(contenders)) bench.add(name, run);
    for (const { name, result } of await bench.run()) {
      if (!('latency' in result)) throw new Error(`${name} was not measured: ${result.state}`);
      times.set(name, [...(times.get(name) ?? []), result.latency.p50]);
    }
  }
  const medians = Object.keys(contenders).map((name) => [name, median(times.get(name) ?? [])]);
  return Object.fromEntries(medians);
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2;
}

/**
 * Bytes of heap that a call of `run` takes, over `times` calls. It adds up the growth of what is in use, in steps so
 * short that no collection hides it.
 */
export function bytesEach(run: (times: number) => void, times: number): number {
  const steps = 20;
  // Runs once to be compiled, because compiling allocates too.
  run(times);
  run(times);
  collectGarbage();
  let bytes = 0;
  for (let step = 0; step < steps; step++) {
    const before = process.memoryUsage().heapUsed;
    run(times / steps);
    bytes += Math.max(0, process.memoryUsage().heapUsed - before);
  }
  return bytes / times;
}

export function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  if (typeof collect === 'function') collect();
}

/** The ratio of two times, or of two rates. */
export function ratioOf(better: number, worse: number): number {
  return better / worse;
}

/** `--quick`: less of everything, for a look. */
export function isQuick(): boolean {
  return process.argv.includes('--quick');
}

/** `--full`: also what takes too long for every run. */
export function isFull(): boolean {
  return process.argv.includes('--full');
}
