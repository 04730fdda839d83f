/**
 * Who runs, who waits, who is refused. In: sessions, each with how it is run and the signal of its client; out: what
 * became of each, once. A session that got a slot is settled exactly once, whatever happens to workers and browsers
 * (`floor.ts`). Main thread.
 */
import type { Clock } from '../clock.js';
import type { Place, Refusal, Resource, Session, Settled, Standing, Submit } from '../protocol/session.js';
import { createFloor, type Entry, type FloorOptions } from './floor.js';

export interface AdmissionOptions extends Omit<FloorOptions, 'onFree'> {
  readonly slots: number;
  readonly queueLimit: number;
}

export interface Admission {
  readonly submit: Submit;
  /** Why a session that needs `resource` would be refused now, even as one that waits; null: it would be taken. */
  refusalOf(resource: Resource): Refusal | null;
  /** Counts and refuses a session that gets no further than this. */
  turnAway(session: Session, refusal: Refusal): Settled;
  /** Starts what can be started. Called when a resource has become ready, or is known never to become so. */
  pump(): void;
  /** Sessions that have their slot and are not settled. */
  active(): readonly Session[];
  /** Sessions that have a slot, in the order they got it; then those that wait, in the order they came. */
  sessions(): readonly PresentSession[];
  /** Ends the sessions with this id or trackingId, waiting ones too, as killed. False when there is none. */
  kill(idOrTrackingId: string, message: string): boolean;
  slotsInUse(): number;
  queueLength(): number;
  /** Epoch ms when the head of the queue came; 0 when none waits. */
  oldestEnqueuedEpochMs(): number;
  /** Counts the slot-seconds up to now. Without this call they are counted only when a slot is taken or freed. */
  countSlots(): void;
  /** Refuses what waits and what comes, as `DRAINING`. Resolves when the last slot is free. */
  drain(): Promise<void>;
  /** Ends all sessions, waiting ones too, as killed. */
  killAll(message: string): void;
}

export interface PresentSession {
  readonly session: Session;
  /** `closing`: settled, but its context is not gone yet. */
  readonly state: 'waiting' | 'running' | 'closing';
  /** Since it got its slot; while it waits, since it came. */
  readonly ageMs: number;
  /** Null: it has no slot yet. */
  readonly startedAtEpochMs: number | null;
  readonly place: Place | null;
  readonly standing: Standing | null;
}

export function createAdmission(options: AdmissionOptions): Admission {
  const { books, clock } = options;
  let isDraining = false;
  let onIdle = (): void => {};

  const isHopeless = (resource: Resource): boolean => resource.isHopeless();
  const isReady = (resource: Resource): boolean => resource.isReady();
  const isSlotFree = (): boolean => slots.size < options.slots;

  const pump = (): void => {
    for (let entry = waiting.first(isHopeless); entry; entry = waiting.first(isHopeless)) floor.refuse(entry, HOPELESS);
    while (isSlotFree()) {
      const entry = waiting.first(isReady);
      if (!entry) return;
      floor.start(entry);
    }
  };

  const floor = createFloor({
    ...options,
    onFree() {
      pump();
      if (slots.size === 0) onIdle();
    },
  });
  const { waiting, active, slots } = floor;

  const inLine = (): Entry[] => waiting.all().sort((a, b) => a.arrival - b.arrival);
  const canStart = (resource: Resource): boolean => isSlotFree() && resource.isReady() && !waiting.has(resource);

  const refusalOf = (resource: Resource): Refusal | null => {
    if (isDraining) return DRAINING;
    if (resource.isHopeless()) return HOPELESS;
    if (canStart(resource) || waiting.size < options.queueLimit) return null;
    const why = isSlotFree() ? 'what it needs is not there yet,' : `all ${options.slots} slots are taken`;
    return { code: 'QUEUE_FULL', message: `${why} and ${waiting.size} sessions wait` };
  };

  const admit = (entry: Entry): void => {
    const { resource } = entry.run;
    const refusal = refusalOf(resource);
    if (refusal) floor.refuse(entry, refusal);
    else if (canStart(resource)) floor.start(entry);
    else floor.wait(entry);
  };

  return {
    submit: (session, run, signal) =>
      new Promise((answer) => {
        const entry = floor.arrive(session, run, answer);
        const left = (): void => floor.end(entry, 'CLIENT_CLOSED', 'the client closed the connection');
        // The client left while its body was read. That event has passed, so a listener added now would never hear of
        // it.
        if (signal.aborted) return left();
        signal.onabort = left;
        entry.stopListening = () => {
          signal.onabort = null;
        };
        admit(entry);
      }),
    refusalOf,
    turnAway: floor.turnAway,
    pump,
    active: () => [...active].map(({ session }) => session),
    sessions: () => [...slots, ...inLine()].map((entry) => presentOf(entry, active.has(entry), clock)),
    kill(idOrTrackingId, message) {
      const found = [...inLine(), ...active].filter(({ session: { id, trackingId } }) =>
        [id, trackingId].includes(idOrTrackingId),
      );
      for (const entry of found) floor.end(entry, 'SESSION_KILLED', message);
      return found.length > 0;
    },
    slotsInUse: () => slots.size,
    countSlots: () => books.slots(slots.size),
    queueLength: () => waiting.size,
    oldestEnqueuedEpochMs: () => waiting.first()?.arrivedAtEpochMs ?? 0,
    async drain() {
      isDraining = true;
      for (const entry of waiting.all()) floor.refuse(entry, DRAINING);
      if (slots.size > 0) await new Promise<void>((resolve) => (onIdle = resolve));
    },
    killAll(message) {
      // Those that wait are ended first, or some of them would start in the slots that become free.
      for (const entry of [...inLine(), ...active]) floor.end(entry, 'SESSION_KILLED', message);
    },
  };
}

function presentOf({ session, begun, arrivedAtMs }: Entry, isActive: boolean, clock: Clock): PresentSession {
  const ageMs = Math.round(clock.monotonicMs() - (begun?.startedAtMs ?? arrivedAtMs));
  if (!begun) return { session, state: 'waiting', ageMs, startedAtEpochMs: null, place: null, standing: null };
  const { place, standing } = begun.running;
  const startedAtEpochMs = clock.epochMs() - ageMs;
  return { session, state: isActive ? 'running' : 'closing', ageMs, startedAtEpochMs, place, standing: standing() };
}

const HOPELESS: Refusal = { code: 'NO_BROWSER', message: 'no browser can be started' };
const DRAINING: Refusal = { code: 'DRAINING', message: 'the server is shutting down' };
