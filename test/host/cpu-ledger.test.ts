/**
 * The books of a tree's CPU time. Checked step by step, and against a made-up machine of random births, work, deaths
 * and waits, whose true sum is known.
 */

import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type CpuLedger, openCpuLedger } from '../../src/host/cpu-ledger.js';

const ROOT = 10;

const test = suite('host/cpu-ledger');

test('counts whole lives, and only growth after the first record', () => {
  const ledger = openCpuLedger();
  record(ledger, ROOT, { own: 7, reaped: 3 });
  assert.is(ledger.totalTicks(), 10);
  record(ledger, ROOT, { own: 8, reaped: 3 });
  assert.is(ledger.totalTicks(), 11);
  record(ledger, ROOT, { own: 6, reaped: 2 });
  assert.is(ledger.totalTicks(), 11, 'a counter that falls takes nothing away');
});

test('keeps the time of a member that ended, and counts it once when its parent waits for it', () => {
  const ledger = openCpuLedger();
  record(ledger, ROOT, { own: 10 });
  record(ledger, 11, { parent: ROOT, own: 50 });
  ledger.retire((pid) => pid === ROOT);
  assert.is(ledger.totalTicks(), 60);
  record(ledger, ROOT, { own: 10, reaped: 58 });
  assert.is(ledger.totalTicks(), 68, 'what it used unseen before its end');
  record(ledger, ROOT, { own: 10, reaped: 98 });
  assert.is(ledger.totalTicks(), 108, 'a child that was never seen');
});

test('a parent that waits later, or never, makes nothing count twice', () => {
  const ledger = openCpuLedger();
  record(ledger, ROOT, { own: 10 });
  record(ledger, 11, { parent: ROOT, own: 50 });
  ledger.retire((pid) => pid === ROOT);
  record(ledger, ROOT, { own: 12 });
  assert.is(ledger.totalTicks(), 62);
  record(ledger, ROOT, { own: 12, reaped: 50 });
  assert.is(ledger.totalTicks(), 62);
});

test('a chain that ends at once is owed by the ancestor that lives', () => {
  const ledger = openCpuLedger();
  record(ledger, ROOT, { own: 1 });
  record(ledger, 11, { parent: ROOT, own: 10 });
  record(ledger, 12, { parent: 11, own: 100 });
  ledger.retire((pid) => pid === ROOT);
  record(ledger, ROOT, { own: 1, reaped: 110 });
  assert.is(ledger.totalTicks(), 111);
});

test('a pid that is used again is another member', () => {
  const ledger = openCpuLedger();
  record(ledger, ROOT, { own: 1 });
  record(ledger, 11, { parent: ROOT, own: 50, start: 1 });
  record(ledger, 11, { parent: ROOT, own: 3, start: 2 });
  assert.is(ledger.totalTicks(), 54);
});

test('never falls, and is exact whatever comes and goes, when every end is waited for', () => {
  const step = fc.tuple(fc.constantFrom('fork', 'work', 'end', 'sample'), fc.nat(9), fc.integer({ min: 1, max: 50 }));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const machine = openMachine();
      let previous = 0;
      for (const [kind, index, ticks] of steps) {
        if (kind !== 'sample') machine.act(kind, index, ticks);
        else {
          const total = machine.sample();
          assert.ok(total >= previous, `${total} after ${previous}`);
          assert.is(total, machine.spentTicks());
          previous = total;
        }
      }
    }),
    { seed: 20_251_123, numRuns: 300 },
  );
});

test.run();

interface Counters {
  readonly parent?: number;
  readonly own: number;
  readonly reaped?: number;
  readonly start?: number;
}

function record(ledger: CpuLedger, pid: number, { parent = 1, own, reaped = 0, start = pid }: Counters): void {
  ledger.record(pid, { parentPid: parent, startTicks: start, ownTicks: own, reapedTicks: reaped });
}

interface Process {
  readonly pid: number;
  readonly parent: number;
  own: number;
  reaped: number;
}

/** A tree in which a process without children may end, and its parent waits for it at once. */
function openMachine() {
  const ledger = openCpuLedger();
  const alive: Process[] = [{ pid: ROOT, parent: 1, own: 0, reaped: 0 }];
  let nextPid = ROOT + 1;
  let spent = 0;
  return {
    act(kind: 'fork' | 'work' | 'end', index: number, ticks: number): void {
      const process = alive[index % alive.length];
      if (process === undefined) return;
      if (kind === 'fork') alive.push({ pid: nextPid++, parent: process.pid, own: 0, reaped: 0 });
      if (kind === 'work') {
        process.own += ticks;
        spent += ticks;
      }
      const parent = alive.find(({ pid }) => pid === process.parent);
      const hasChildren = alive.some((other) => other.parent === process.pid);
      if (kind !== 'end' || parent === undefined || hasChildren) return;
      parent.reaped += process.own + process.reaped;
      alive.splice(alive.indexOf(process), 1);
    },
    sample(): number {
      ledger.retire((pid) => alive.some((process) => process.pid === pid));
      for (const { pid, parent, own, reaped } of alive) record(ledger, pid, { parent, own, reaped });
      return ledger.totalTicks();
    },
    spentTicks: () => spent,
  };
}
