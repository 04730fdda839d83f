/**
 * Pictures that Chromium refuses too early, in answers as Chromium writes them and in made-up time.
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Captures, createCaptures } from '../../../src/worker/broker/captures.js';
import type { Request } from '../../../src/worker/broker/request.js';
import { createTimedClock, type TimedClock } from '../../admission/timed-clock.js';

interface Scene {
  clock: TimedClock;
  sent: Request[];
  captures: Captures;
}

const SESSION = 'A'.repeat(32);
const MINUTE = 60_000;
const shot: Request = { id: 7, method: 'Page.captureScreenshot', params: { format: 'png' }, sessionId: SESSION };
const refusal = (id: number, message = 'Unable to capture screenshot'): Buffer =>
  Buffer.from(`{"id":${id},"error":{"code":-32000,"message":"${message}"},"sessionId":"${SESSION}"}`);
const picture = Buffer.from(`{"id":7,"result":{"data":"Unable to capture screenshot"},"sessionId":"${SESSION}"}`);

const test = suite<Scene>('worker/broker/captures');

test.before.each((scene) => {
  const clock = createTimedClock();
  const sent: Request[] = [];
  Object.assign(scene, { clock, sent, captures: createCaptures(clock, (request) => sent.push(request)) });
});

test('a picture that is refused too early is asked for again, as it was', ({ captures, clock, sent }) => {
  captures.asked(shot);
  assert.is(captures.isAskedAgain(refusal(7)), true);
  assert.equal(sent, []);
  clock.pass(MINUTE);
  assert.equal(sent, [shot]);
  const long = Buffer.concat([picture, Buffer.alloc(1_000, ' ')]);
  assert.is(captures.isAskedAgain(long), false, 'a picture');
  assert.is(captures.isAskedAgain(refusal(7)), false, 'that has been answered');
});

test('the client hears of it in the end', ({ captures, clock, sent }) => {
  captures.asked(shot);
  let times = 0;
  for (; captures.isAskedAgain(refusal(7)); clock.pass(MINUTE)) times++;
  assert.equal([times, sent.length], [9, 9]);
});

test('nothing else is asked for again', ({ captures, clock, sent }) => {
  assert.is(captures.isAskedAgain(refusal(7)), false, 'nobody asked');
  captures.asked({ ...shot, method: 'Runtime.evaluate' });
  assert.is(captures.isAskedAgain(refusal(7)), false, 'another command');
  captures.asked(shot);
  assert.is(captures.isAskedAgain(refusal(8)), false, 'another answer');
  assert.is(captures.isAskedAgain(refusal(7, 'Invalid clip')), false, 'another reason');
  clock.pass(MINUTE);
  assert.equal(sent, []);
});

test('of a session that has gone nothing is asked for', ({ captures, clock, sent }) => {
  captures.asked(shot);
  captures.isAskedAgain(refusal(7));
  captures.close();
  clock.pass(MINUTE);
  assert.equal(sent, []);
});

test.run();
