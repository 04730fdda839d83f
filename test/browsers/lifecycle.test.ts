/**
 * The life of a shard's browsers as a table: what each event does in each state, and what it must not do.
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
import { ROWS } from './lifecycle-rows.js';
import { ROWS_OF_TWO } from './lifecycle-rows-of-two.js';
import { beside, G, life, SOON_MS } from './lives.js';

const test = suite('browsers/lifecycle');
for (const { name, from, event, atMs = SOON_MS, to, effects } of [...ROWS, ...ROWS_OF_TWO]) {
  test(name, () => {
    const before = structuredClone(from);
    const made = step(from, event, atMs);
    assert.equal(from, before, 'the state before is left as it was');
    assert.equal(made.effects, effects);
    const { phase, phases, ...rest } = to;
    const left = made.life.browsers.map((one) => one.phase);
    if (phase !== undefined) assert.is(left.at(-1) ?? null, phase);
    if (phases !== undefined) assert.equal(left, phases);
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
  { kind: 'endLimitOver', generation: G - 1 },
  { kind: 'useless', generation: G - 1, reason: 'no_pages' },
  { kind: 'exited', generation: G - 1 },
];

test('what is told of a browser that is not there any more changes nothing, in any state', () => {
  const phases: (BrowserPhase | null)[] = [null, 'spawning', 'spawned', 'attaching', 'ready', 'ending'];
  for (const phase of phases) {
    for (const event of GENERATION_EVENTS) {
      assert.equal(step(life(phase), event, SOON_MS), { life: life(phase), effects: [] }, `${event.kind} in ${phase}`);
    }
    // Once the present browser has gone, no event can be about it.
    if (phase === null) {
      for (const event of GENERATION_EVENTS) {
        const now = { ...event, generation: G };
        assert.equal(step(life(null), now, SOON_MS).effects, [], `${event.kind} of one that is gone`);
      }
    }
  }
});

test('what is told of one that is overdue leaves its successor as it is, in every phase', () => {
  const phases: BrowserPhase[] = ['spawning', 'spawned', 'attaching', 'ready', 'ending'];
  // A browser must have been spawned before it can be told to go.
  const events = GENERATION_EVENTS.filter(({ kind }) => kind !== 'spawnFailed');
  for (const phase of phases) {
    for (const event of events) {
      const { life: after, effects } = step(beside(phase), event, SOON_MS);
      assert.equal(after, event.kind === 'exited' ? life(phase) : beside(phase), `${event.kind} in ${phase}`);
      const others = effects.filter((effect) => effect.kind !== 'kill' || effect.generation !== G - 1);
      assert.equal(others, [], `${event.kind} in ${phase}`);
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

test('the condition of a shard with two is that of the newest', () => {
  assert.is(conditionOf(beside('ready')), 'ready');
  assert.is(conditionOf(beside('attaching')), 'starting');
  assert.is(conditionOf(beside('attaching', { failures: FAILURES_MAX })), 'failing');
});

test.run();
