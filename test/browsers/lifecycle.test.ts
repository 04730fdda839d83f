/**
 * The life of a shard's browsers as a table: what each event does in each state, and what it must not.
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  BACK_OFF_LAST_MS,
  type BrowserPhase,
  conditionOf,
  FAILURES_MAX,
  type Life,
  type LifeEvent,
  step,
} from '../../src/browsers/lifecycle.js';
import { G, life, ROWS, SOON_MS } from './lifecycle-rows.js';

const test = suite('browsers/lifecycle');
for (const { name, from, event, atMs = SOON_MS, to, effects } of ROWS) {
  test(name, () => {
    const before = structuredClone(from);
    const made = step(from, event, atMs);
    assert.equal(from, before, 'the state before is left as it was');
    assert.equal(made.effects, effects);
    const { phase, ...rest } = to;
    if (phase !== undefined) assert.is(made.life.browser?.phase ?? null, phase);
    for (const [key, value] of Object.entries(rest)) assert.is(made.life[key as keyof Life], value, key);
  });
}

const GENERATION_EVENTS: readonly LifeEvent[] = [
  { kind: 'spawned', generation: G - 1 },
  { kind: 'spawnFailed', generation: G - 1, message: '' },
  { kind: 'attached', generation: G - 1 },
  { kind: 'attachFailed', generation: G - 1, reason: 'attach', message: '' },
  { kind: 'pipeEnded', generation: G - 1 },
  { kind: 'graceOver', generation: G - 1 },
  { kind: 'useless', generation: G - 1, reason: 'no_pages' },
  { kind: 'exited', generation: G - 1 },
];

test('what is told of a browser that is not there any more changes nothing, in any state', () => {
  const phases: (BrowserPhase | null)[] = [null, 'spawning', 'spawned', 'attaching', 'ready', 'ending'];
  for (const phase of phases) {
    for (const event of GENERATION_EVENTS) {
      assert.equal(step(life(phase), event, SOON_MS), { life: life(phase), effects: [] }, `${event.kind} in ${phase}`);
    }
    // Nor is there anything to be told of the present one once it is gone.
    if (phase === null) {
      for (const event of GENERATION_EVENTS) {
        const now = { ...event, generation: G };
        assert.equal(step(life(null), now, SOON_MS).effects, [], `${event.kind} of one that is gone`);
      }
    }
  }
});

test('the pause between two tries doubles up to its limit, for ever', () => {
  const pauses = Array.from({ length: 12 }, (_, failures) => {
    const { effects } = step(
      life('spawning', { failures }),
      { kind: 'spawnFailed', generation: G, message: '' },
      SOON_MS,
    );
    return effects.find((effect) => effect.kind === 'pause')?.ms;
  });
  assert.equal(pauses.slice(0, 7), [100, 200, 400, 800, 1_600, 3_200, BACK_OFF_LAST_MS]);
  assert.is(pauses.at(-1), BACK_OFF_LAST_MS);
});

test('one failed start is no failing shard, five in a row are, and one that works is none', () => {
  for (let failures = 0; failures < FAILURES_MAX; failures++) {
    assert.is(conditionOf(life(null, { failures })), 'starting', String(failures));
  }
  assert.is(conditionOf(life('attaching', { failures: FAILURES_MAX })), 'failing');
  assert.is(conditionOf(life('ready', { failures: FAILURES_MAX })), 'ready');
  assert.is(conditionOf(life('ready', { isStopped: true })), 'stopped');
});

test.run();
