/**
 * Rows like those of `lifecycle-rows.ts`, for a shard with a browser that was told to go and is still there.
 */

import { BACK_OFF_FIRST_MS } from '../../src/browsers/lifecycle.js';
import {
  attach,
  beside,
  browser,
  detach,
  ended,
  G,
  kill,
  LATE_MS,
  life,
  OVERDUE,
  pause,
  type Row,
  spawn,
} from './lives.js';

export const ROWS_OF_TWO: readonly Row[] = [
  {
    name: 'killed, and not gone in time: the next is begun, which is one failure and no pause',
    from: life('ending', { failures: 1 }),
    event: { kind: 'endLimitOver', ...ended },
    to: { phase: 'spawning', generation: G + 1, failures: 2, isPausing: false, phases: ['ending', 'spawning'] },
    effects: [spawn(G + 1)],
  },
  {
    name: 'not gone in time after it has worked: no failure',
    from: life('ending', { failures: 1 }),
    event: { kind: 'endLimitOver', ...ended },
    atMs: LATE_MS,
    to: { failures: 0, phases: ['ending', 'spawning'] },
    effects: [spawn(G + 1)],
  },
  {
    name: 'not gone in time, and there is no thread: one is waited for',
    from: life('ending', { hasThread: false }),
    event: { kind: 'endLimitOver', ...ended },
    to: { phases: ['ending'], generation: G },
    effects: [],
  },
  {
    name: 'the thread comes while one is overdue: the next is begun',
    from: life(null, { hasThread: false, browsers: [OVERDUE] }),
    event: { kind: 'threadReady' },
    to: { phases: ['ending', 'spawning'], generation: G + 1 },
    effects: [spawn(G + 1)],
  },
  {
    name: 'not gone in time while the server stops: no other is started',
    from: life('ending', { isStopped: true }),
    event: { kind: 'endLimitOver', ...ended },
    to: { phases: ['ending'], generation: G },
    effects: [],
  },
  {
    name: 'not gone in time, like the one before it: there is no third',
    from: beside('ending'),
    event: { kind: 'endLimitOver', ...ended },
    to: { phases: ['ending', 'ending'], generation: G },
    effects: [],
  },
  {
    name: 'one of two that are overdue goes: the next is begun',
    from: life(null, { browsers: [OVERDUE, browser('ending', { isOverdue: true })] }),
    event: { kind: 'exited', generation: G - 1 },
    to: { phases: ['ending', 'spawning'], generation: G + 1, failures: 0, isPausing: false },
    effects: [spawn(G + 1)],
  },
  {
    name: 'one that is overdue goes: its successor is left alone',
    from: beside('ready', { failures: 2 }),
    event: { kind: 'exited', generation: G - 1 },
    to: { phases: ['ready'], generation: G, failures: 2, isPausing: false },
    effects: [],
  },
  {
    name: 'gone beside one that is overdue: a pause, as ever',
    from: beside('ready'),
    event: { kind: 'exited', ...ended },
    to: { phases: ['ending'], failures: 1, isPausing: true },
    effects: [detach, pause(BACK_OFF_FIRST_MS)],
  },
  {
    name: 'the pause is over and one is overdue: the next is begun',
    from: life(null, { browsers: [OVERDUE], isPausing: true }),
    event: { kind: 'pauseOver' },
    to: { phases: ['ending', 'spawning'], generation: G + 1 },
    effects: [spawn(G + 1)],
  },
  {
    name: 'spawned beside one that is overdue: attached to',
    from: beside('spawning'),
    event: { kind: 'spawned', ...ended },
    to: { phases: ['ending', 'attaching'] },
    effects: [attach()],
  },
  {
    name: 'a thread lost: the browser that it was attached to goes, the one that is overdue has been told',
    from: beside('ready'),
    event: { kind: 'threadLost' },
    to: { phases: ['ending', 'ending'], hasThread: false },
    effects: [detach, kill('killed')],
  },
  {
    name: 'of no more use, and overdue: ended again, and nobody is detached',
    from: beside('ready'),
    event: { kind: 'useless', generation: G - 1, reason: 'no_pages' },
    to: { phases: ['ending', 'ready'] },
    effects: [kill('no_pages', G - 1)],
  },
  {
    name: 'the server stops while there are two: both are ended',
    from: beside('ready'),
    event: { kind: 'stop' },
    to: { phases: ['ending', 'ending'], isStopped: true },
    effects: [kill('shutdown', G - 1), detach, kill('shutdown')],
  },
  {
    name: 'one of two has gone while the server stops: the other is waited for',
    from: beside('ending', { isStopped: true }),
    event: { kind: 'exited', ...ended },
    to: { phases: ['ending'], isPausing: false },
    effects: [detach],
  },
];
