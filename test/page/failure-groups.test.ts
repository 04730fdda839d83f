/**
 * Failures that differ in their session and their time only are one row, at the place of the latest.
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { groupFailures } from '../../src/page/failure-groups.js';
import type { Failure } from '../../src/page/figures.js';

const test = suite('page/failure-groups');

function failure(id: string, given: Partial<Failure> = {}): Failure {
  return { id, kind: 'pdf', reason: 'timeout', message: 'm', host: 'a.example', status: null, when: 1, ...given };
}

function idsOf(...failures: readonly Failure[]): string[] {
  return groupFailures(failures).map(({ times, latest }) => `${times} ${latest.id}`);
}

test('those that are alike are counted, whatever came in between', () => {
  const full = { reason: 'queue_full', host: null };
  const all = [failure('e', full), failure('d'), failure('c', full), failure('b', full), failure('a', { when: 0 })];
  assert.equal(idsOf(...all), ['3 e', '2 d']);
});

test('those that differ in anything else are apart', () => {
  const others = [{ kind: 'cdp' }, { message: 'n' }, { host: 'b.example' }, { host: null }, { status: 404 }];
  assert.is(groupFailures([failure('a'), ...others.map((one) => failure('b', one))]).length, 6);
  assert.equal(idsOf(), []);
});

test.run();
