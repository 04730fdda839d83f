/**
 * Lines about refused requests: some each second, and how many were left out.
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createRefusalLog } from '../../src/server/refusal-log.js';
import { createShown } from '../../src/server/shown.js';
import { createTimedClock } from '../admission/timed-clock.js';

const test = suite('server/refusal-log');
const REFUSED = { route: '/metrics', method: 'GET', status: 401, code: 'UNAUTHORIZED', client: '::1' } as const;

function scene() {
  const clock = createTimedClock();
  const lines: object[] = [];
  const log = { info: (facts: object) => void lines.push(facts) };
  const refused = createRefusalLog({ log, shown: createShown('host', 'secret'), clock });
  const refuse = (count: number): void => {
    for (let i = 0; i < count; i++) refused({ ...REFUSED, message: 'not secret but wrong' });
  };
  return { clock, lines, refuse };
}

test('ten have a line each, the rest of the second a number', () => {
  const { clock, lines, refuse } = scene();
  refuse(25);
  assert.is(lines.length, 10);
  assert.equal(lines[0], { ...REFUSED, message: 'not … but wrong' });
  clock.pass(1_000);
  assert.equal(lines.slice(10), [{ leftOut: 15 }]);
  assert.is(clock.timers(), 0, 'nothing waits while nobody is refused');
});

test('the next second has lines again', () => {
  const { clock, lines, refuse } = scene();
  refuse(10);
  clock.pass(1_000);
  assert.is(lines.length, 10, 'none was left out');
  refuse(1);
  assert.is(lines.length, 11);
});

test.run();
