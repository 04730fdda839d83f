/**
 * Sessions with different needs: one that cannot start never holds up one that can.
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { checkBooks, codes, createScene, FINE, type Scene, turn } from './scene.js';

const test = suite('admission/resources');

function ids({ started }: Scene): string[] {
  return started.map(({ id }) => id);
}

test('a head that cannot start does not hold up who needs something else, in either direction', async () => {
  const scene = createScene({ slots: 2 });
  scene.pool.isReady = false;
  const sent = [scene.send('a'), scene.send('b', { needs: 'other' }), scene.send('c', { needs: 'other' })];
  assert.equal(ids(scene), ['b', 'c'], 'the other is there, and so is a slot');
  scene.other.isReady = false;
  sent.push(scene.send('d', { needs: 'other' }));
  scene.pool.isReady = true;
  scene.admission.pump();
  assert.equal(ids(scene), ['b', 'c'], 'no slot is free');
  await scene.started[0]?.finish(FINE);
  await scene.started[0]?.release();
  assert.equal(ids(scene), ['b', 'c', 'a']);
  await scene.started[1]?.finish(FINE);
  await scene.started[1]?.release();
  assert.equal(ids(scene), ['b', 'c', 'a'], 'the other is still away');
  scene.other.isReady = true;
  scene.admission.pump();
  assert.equal(ids(scene), ['b', 'c', 'a', 'd']);
  checkBooks(scene);
});

test('who is refused is told what there is none of: slots, or what it needs', () => {
  const scene = createScene({ slots: 1, queueLimit: 1 });
  const refused = (id: string): string => {
    scene.send(id);
    const { outcome } = scene.told.at(-1) ?? {};
    return outcome === undefined || outcome.isOk ? 'taken' : outcome.message;
  };
  scene.pool.isReady = false;
  assert.is(refused('a'), 'taken');
  assert.is(refused('b'), 'what it needs is not there yet, and 1 sessions wait');
  scene.pool.isReady = true;
  scene.admission.pump();
  scene.send('c');
  assert.is(refused('d'), 'all 1 slots are taken and 1 sessions wait');
});

test('of those who can start the one that came first does, whatever it needs', async () => {
  const scene = createScene({ slots: 1 });
  for (const [i, id] of ['a', 'b', 'c', 'd', 'e'].entries()) scene.send(id, { needs: i % 2 === 0 ? 'pool' : 'other' });
  for (let i = 0; i < 5; i++) {
    await scene.started[i]?.finish(FINE);
    await scene.started[i]?.release();
  }
  assert.equal(ids(scene), ['a', 'b', 'c', 'd', 'e']);
  checkBooks(scene);
});

test('what is hopeless is refused, also from behind who can still hope, and nobody else is', async () => {
  const scene = createScene({ slots: 1 });
  const sent = [scene.send('a'), scene.send('b'), scene.send('c', { needs: 'other' }), scene.send('d')];
  scene.other.isHopeless = true;
  scene.admission.pump();
  await turn();
  assert.equal(codes(sent), [null, null, 'NO_BROWSER', null]);
  assert.is(scene.admission.queueLength(), 2);
  checkBooks(scene);
});

test.run();
