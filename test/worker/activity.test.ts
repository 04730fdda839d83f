/**
 * A session is seen that has come and gone between two looks, by everybody who looks.
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createActivity } from '../../src/worker/activity.js';

const test = suite('worker/activity');

test('a session is seen while it runs, and once more when it has gone', () => {
  const activity = createActivity();
  const [often, seldom] = [activity.watch(), activity.watch()];
  assert.not(often());
  activity.begin();
  assert.ok(often());
  assert.ok(often(), 'it goes on');
  activity.end();
  assert.not(often());
  assert.ok(seldom(), 'this one has not looked before');
  assert.not(seldom());
});

test('so is one that has come and gone between two looks', () => {
  const activity = createActivity();
  const isBusy = activity.watch();
  activity.begin();
  activity.end();
  assert.ok(isBusy());
  assert.not(isBusy());
});

test('what was there before somebody began to look is not new', () => {
  const activity = createActivity();
  activity.begin();
  activity.end();
  assert.not(activity.watch()());
});

test.run();
