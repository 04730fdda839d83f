import * as assert from 'uvu/assert';
import { judge } from '../../bench/judge.js';
import type { BenchRow } from '../../bench/row.js';
import { suite } from '../counted-uvu.js';

const test = suite('bench/judge');

const MET: BenchRow = { claim: '', ours: 1, compared: null, ratio: null, target: 'at most 2', isMet: true };
const MISSED: BenchRow = { ...MET, ours: 3, isMet: false };

test('says whether a target is met', () => {
  assert.is(judge(MET, 0), 'yes');
  assert.is(judge(MISSED, 0), 'NO');
  assert.is(judge({ ...MET, target: null, isMet: null }, 1), '');
});

test('does not judge when others used more than a tenth of the CPUs, but what is counted', () => {
  assert.is(judge(MET, 0.1), 'yes');
  assert.is(judge(MISSED, 0.11), 'not judged: others used 11 % of the CPUs');
  assert.is(judge({ ...MISSED, isCount: true }, 0.9), 'NO');
});

test('does not judge when the rounds differ too much, whichever side their median is on', () => {
  assert.is(judge({ ...MET, rounds: [1, 1.1, 1.2] }, 0), 'yes');
  assert.is(judge({ ...MISSED, rounds: [1, 1.6, 2, 2.4, 5] }, 0), 'not judged: the rounds differ by 40 %');
  assert.is(judge({ ...MET, rounds: [1, 5] }, 0), 'yes', 'two rounds have no middle half');
});

test('takes one wild round for what it is', () => {
  assert.is(judge({ ...MET, rounds: [1, 1.1, 1.05, 1, 9] }, 0), 'yes');
});

test('never has a cost below nothing as a target met', () => {
  assert.is(judge({ ...MET, ours: -0.2 }, 0), 'not judged: below 0, so it is noise');
  assert.is(judge({ ...MET, cost: -0.01 }, 0), 'not judged: below 0, so it is noise');
  assert.is(judge({ ...MET, cost: 0 }, 0), 'yes');
});

test.run();
