/**
 * The API's answers as the page holds them: JSON in, checked shapes out. A wrong shape is an error that names the key;
 * otherwise the page would show nonsense. Pure.
 */

/** Keys that rows and totals share; the names are those of `/metrics`. */
export const FIGURES = [
  'successful',
  'queued',
  'rejected',
  'unhealthy',
  'timedout',
  'totalTime',
  'meanTime',
  'maxTime',
  'minTime',
  'maxConcurrent',
  'error',
  'units',
  'running',
  'unauthorized',
  'expired',
  'abandoned',
  'unavailable',
  'p50Time',
  'p95Time',
  'p99Time',
  'queueTime',
  'maxQueueTime',
] as const;
export type FigureName = (typeof FIGURES)[number];
export type Figures = Readonly<Record<FigureName, number>>;

/** One period. `date` is epoch ms; `cpu` and `memory` are ratios. */
export type Row = Figures & Readonly<Record<'date' | 'cpu' | 'memory', number>>;

/** `periods` periods in one row, up to `until`, epoch ms. */
export type MergedRow = Row & Readonly<Record<'until' | 'periods', number>>;

export interface WorkerState {
  readonly worker: number;
  readonly state: string;
  readonly browser: string;
  readonly sessions: number;
  readonly pid: number | null;
}

/** How sessions ended in a stretch of time. */
export interface Ended {
  readonly spanMs: number;
  readonly successful: number;
  /** By reason; reasons of which there was none are missing. */
  readonly failures: Readonly<Record<string, number>>;
  readonly refusals: Readonly<Record<string, number>>;
}

/** `before`: the five minutes before the last five. */
export interface Recent extends Readonly<Record<'lastMinute' | 'last5Minutes' | 'before', Ended>> {
  /** The last five minutes by kind of session; kinds of which there was none are missing. */
  readonly kinds: Readonly<Record<string, Ended>>;
}

export interface LiveEvent {
  readonly row: Row;
  readonly pressure: Readonly<Record<(typeof PRESSURES)[number], number>>;
  /** Why a session sent now would not be taken; null: it would be taken. */
  readonly notReady: string | null;
  readonly recent: Recent;
  readonly workers: readonly WorkerState[];
}

export interface Session {
  readonly id: string;
  readonly kind: string;
  readonly trackingId: string | null;
  /** Null while it waits. */
  readonly worker: number | null;
  readonly state: string;
  readonly phase: string | null;
  readonly host: string | null;
  /** Only for clients over WebSocket: hosts of their open pages, and ms since they last sent something. */
  readonly hosts: readonly string[];
  readonly idleMs: number | null;
  readonly ageMs: number;
  readonly remoteAddress: string | null;
}

/** A session that failed or was refused. */
export interface Failure {
  readonly id: string;
  readonly kind: string;
  readonly reason: string;
  readonly message: string;
  readonly host: string | null;
  /** The host of its page. */
  readonly status: number | null;
  /** Epoch ms. */
  readonly when: number;
}

/** Which server answers. */
export interface Meta {
  readonly host: string;
  /** The server's version. */
  readonly headcount: string;
  /** Epoch ms. */
  readonly startedAt: number;
}

const ROW_KEYS = ['date', 'cpu', 'memory', ...FIGURES] as const;
const PRESSURES = ['date', 'queued', 'running', 'maxConcurrent', 'maxQueued', 'cpu', 'memory'] as const;

export function eventOf(value: unknown): LiveEvent {
  const event = objectOf(value, 'event');
  return {
    row: rowOf(event['row']),
    pressure: numbersOf(event['pressure'], PRESSURES),
    notReady: textOrNull(event, 'notReady'),
    recent: recentOf(event['recent']),
    workers: listOf(event['workers'], 'workers').map(workerOf),
  };
}

export function rowsOf(value: unknown): Row[] {
  return listOf(value, 'rows').map(rowOf);
}

export function mergedRowsOf(value: unknown): MergedRow[] {
  return listOf(value, 'rows').map((row) => numbersOf(row, [...ROW_KEYS, 'until', 'periods']));
}

export function totalsOf(value: unknown): Figures {
  return numbersOf(value, FIGURES);
}

export function sessionsOf(value: unknown): Session[] {
  return listOf(value, 'sessions').map((one) => {
    const session = objectOf(one, 'session');
    return {
      ...numbersOf(session, ['ageMs']),
      worker: numberOrNull(session, 'worker'),
      phase: textOrNull(session, 'phase'),
      host: textOrNull(session, 'host'),
      id: text(session, 'id'),
      kind: text(session, 'kind'),
      state: text(session, 'state'),
      trackingId: textOrNull(session, 'trackingId'),
      remoteAddress: textOrNull(session, 'remoteAddress'),
      hosts: listOf(session['hosts'] ?? [], 'hosts').map(String),
      idleMs: session['idleMs'] === undefined ? null : numberOrNull(session, 'idleMs'),
    };
  });
}

export function failuresOf(value: unknown): Failure[] {
  return listOf(value, 'failures').map((one) => {
    const failure = objectOf(one, 'failure');
    return {
      ...numbersOf(failure, ['when']),
      id: text(failure, 'id'),
      kind: text(failure, 'kind'),
      reason: text(failure, 'reason'),
      message: text(failure, 'message'),
      host: textOrNull(failure, 'host'),
      status: numberOrNull(failure, 'status'),
    };
  });
}

export function metaOf(value: unknown): Meta {
  const meta = objectOf(value, 'meta');
  return { host: text(meta, 'host'), headcount: text(meta, 'headcount'), ...numbersOf(meta, ['startedAt']) };
}

/** Settings of `/config` that are numbers. */
export function settingsOf<K extends string>(value: unknown, names: readonly K[]): Record<K, number> {
  return numbersOf(value, names);
}

function rowOf(value: unknown): Row {
  return numbersOf(value, ROW_KEYS);
}

function recentOf(value: unknown): Recent {
  const recent = objectOf(value, 'recent');
  return {
    lastMinute: endedOf(recent['lastMinute']),
    last5Minutes: endedOf(recent['last5Minutes']),
    before: endedOf(recent['before']),
    kinds: Object.fromEntries(
      Object.entries(objectOf(recent['kinds'], 'kinds')).map(([kind, ended]) => [kind, endedOf(ended)]),
    ),
  };
}

function endedOf(value: unknown): Ended {
  const ended = objectOf(value, 'ended');
  const countsOf = (name: string): Record<string, number> => {
    const counts = objectOf(ended[name], name);
    return numbersOf(counts, Object.keys(counts));
  };
  const [failures, refusals] = [countsOf('failures'), countsOf('refusals')];
  return { ...numbersOf(ended, ['spanMs', 'successful']), failures, refusals };
}

function workerOf(value: unknown): WorkerState {
  const worker = objectOf(value, 'worker');
  return {
    ...numbersOf(worker, ['worker', 'sessions']),
    state: text(worker, 'state'),
    browser: text(worker, 'browser'),
    pid: numberOrNull(worker, 'pid'),
  };
}

function numbersOf<K extends string>(value: unknown, names: readonly K[]): Record<K, number> {
  const object = objectOf(value, names.join());
  const numbers: Partial<Record<K, number>> = {};
  for (const name of names) {
    const number = object[name];
    if (typeof number !== 'number') throw new Error(`${name} is no number`);
    numbers[name] = number;
  }
  // The loop has set each name.
  return numbers as Record<K, number>;
}

function listOf(value: unknown, what: string): unknown[] {
  if (!Array.isArray(value)) throw new Error(`${what}: no list`);
  return value;
}

function objectOf(value: unknown, what: string): Record<string, unknown> {
  if (!isObject(value)) throw new Error(`${what}: no object`);
  return value;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function text(object: Record<string, unknown>, name: string): string {
  const value = object[name];
  if (typeof value !== 'string') throw new Error(`${name} is no text`);
  return value;
}

function textOrNull(object: Record<string, unknown>, name: string): string | null {
  return object[name] === null ? null : text(object, name);
}

function numberOrNull(object: Record<string, unknown>, name: string): number | null {
  return object[name] === null ? null : (numbersOf(object, [name])[name] ?? null);
}
