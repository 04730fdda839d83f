/**
 * Sessions that an operator ends, whether they wait or run.
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { checkBooks, codes, createScene, turn } from './scene.js';

const test = suite('admission/kill');

test('kill finds ids and trackingIds, also of those that wait; killAll ends all', async () => {
  const scene = createScene({ slots: 3 });
  const sent = ['a', 'b', 'c', 'd'].map((id, i) => scene.send(id, { trackingId: i < 2 ? 'pair' : `${id}-id` }));
  sent.push(scene.send('e'));
  assert.not.ok(scene.admission.kill('nobody', ''));
  assert.ok(scene.admission.kill('d-id', ''));
  assert.not.ok(scene.admission.kill('d', ''), 'it was refused');
  assert.ok(scene.admission.kill('pair', ''));
  await turn();
  assert.equal(codes(sent), ['SESSION_KILLED', 'SESSION_KILLED', null, 'SESSION_KILLED', null]);
  assert.is(scene.sum('headcount_requests_rejected_total', 'abandoned'), 1);
  assert.equal(
    scene.admission.sessions().map(({ session: { id }, state }) => `${id} ${state}`),
    ['a closing', 'b closing', 'c running', 'e waiting'],
  );
  scene.admission.killAll('');
  await turn();
  assert.equal(codes(sent), Array(5).fill('SESSION_KILLED'));
  assert.is(scene.admission.queueLength(), 0);
  await scene.started[0]?.release();
  assert.is(scene.started.length, 3, 'none of those that waited was started');
  checkBooks(scene);
});

test.run();
