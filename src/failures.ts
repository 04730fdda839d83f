/**
 * Every way in which a request or a session can fail, as one table: the HTTP status that a client sees, and the reason
 * under which it is counted. Pure data. Codes are part of the interface; to rename one breaks clients.
 */

/** Why a session that had a slot failed: label values of `headcount_session_failures_total`. */
export const SESSION_FAILURE_REASONS = [
  'error',
  'timeout',
  'client_closed',
  'page_crash',
  'browser_crash',
  'worker_crash',
  'launch',
  'killed',
  'navigation',
  'step_timeout',
  'bad_request',
  'page_error',
  'policy',
] as const;
export type SessionFailureReason = (typeof SESSION_FAILURE_REASONS)[number];

/** Why a valid request never got a slot: label values of `headcount_requests_rejected_total`. */
export const REJECTION_REASONS = [
  'queue_full',
  'deadline',
  'overload',
  'draining',
  'no_browser',
  'expired',
  'abandoned',
] as const;
export type RejectionReason = (typeof REJECTION_REASONS)[number];

interface Failure {
  readonly status: number;
  /**
   * The reason that is counted when this ends a session with a slot and the outcome names no other; null: it cannot end
   * one.
   */
  readonly session: SessionFailureReason | null;
  /** The reason that is counted when this keeps a valid request from a slot; null: it cannot. */
  readonly refusal: RejectionReason | null;
  /** When it is worth asking again, unless somebody knows better. */
  readonly retryAfterMs?: number;
  /** When it happens, for users' pages. */
  readonly about: string;
}

/** Most of what is full or missing is there again by then. */
const SOON_MS = 1_000;

const TABLE = {
  BAD_REQUEST: {
    status: 400,
    session: 'bad_request',
    refusal: null,
    about: 'The body, the query or a selector or function in it is invalid; the message names the key.',
  },
  UNAUTHORIZED: { status: 401, session: null, refusal: null, about: 'The token is missing or wrong.' },
  FORBIDDEN_TARGET: { status: 403, session: 'policy', refusal: null, about: 'The page leads where it may not.' },
  FORBIDDEN_ORIGIN: {
    status: 403,
    session: null,
    refusal: null,
    about: 'A web page of another origin asks, or with a foreign `Host` on loopback.',
  },
  NOT_FOUND: { status: 404, session: null, refusal: null, about: 'There is no such route, file or session.' },
  METHOD_NOT_ALLOWED: { status: 405, session: null, refusal: null, about: 'The route has other methods.' },
  REQUEST_TIMEOUT: {
    status: 408,
    session: null,
    refusal: null,
    about: 'The request came too slowly: 10 s for its head, 30 s in all.',
  },
  SESSION_TIMEOUT: { status: 408, session: 'timeout', refusal: null, about: "The session's time was up." },
  QUEUE_TIMEOUT: {
    status: 408,
    session: null,
    refusal: 'expired',
    about: 'Its time was up while it waited for a slot.',
  },
  STEP_TIMEOUT: {
    status: 408,
    session: 'step_timeout',
    refusal: null,
    about: 'A wait or navigation of its own gave up.',
  },
  PAYLOAD_TOO_LARGE: { status: 413, session: null, refusal: null, about: 'The body is over `MAX_PAYLOAD_SIZE`.' },
  URI_TOO_LONG: { status: 414, session: null, refusal: null, about: 'The URL is over 8 KiB.' },
  UNSUPPORTED_MEDIA_TYPE: { status: 415, session: null, refusal: null, about: 'The route takes no body of this type.' },
  EXPECTATION_FAILED: {
    status: 417,
    session: null,
    refusal: null,
    about: '`Expect` is something else than `100-continue`.',
  },
  QUEUE_FULL: {
    status: 429,
    session: null,
    refusal: 'queue_full',
    retryAfterMs: SOON_MS,
    about: 'No slot is free and the queue is full, or bodies that are being read take too much.',
  },
  HEADERS_TOO_LARGE: { status: 431, session: null, refusal: null, about: 'The headers are over 16 KiB.' },
  CLIENT_CLOSED: {
    status: 499,
    session: 'client_closed',
    refusal: 'abandoned',
    about: 'Its client left; in the log and the counts only.',
  },
  INTERNAL: { status: 500, session: 'error', refusal: null, about: 'A bug of ours.' },
  SESSION_FAILED: {
    status: 500,
    session: 'page_error',
    refusal: null,
    about: 'The page or the given code threw, or its pages loaded more than `MAX_SESSION_BYTES`.',
  },
  SESSION_KILLED: {
    status: 500,
    session: 'killed',
    refusal: 'abandoned',
    about: 'An operator ended it, or the server stopped.',
  },
  NAVIGATION_FAILED: {
    status: 502,
    session: 'navigation',
    refusal: null,
    about: "The page could not be loaded; the message has Chromium's `net::ERR_…`.",
  },
  PAGE_CRASHED: { status: 502, session: 'page_crash', refusal: null, about: 'Its renderer died.' },
  BROWSER_CRASHED: { status: 502, session: 'browser_crash', refusal: null, about: 'Its browser died.' },
  WORKER_CRASHED: { status: 502, session: 'worker_crash', refusal: null, about: 'Its worker thread died.' },
  TOO_MANY_LISTENERS: {
    status: 503,
    session: null,
    refusal: null,
    retryAfterMs: SOON_MS,
    about: '100 clients read `/events` already.',
  },
  DRAINING: { status: 503, session: null, refusal: 'draining', retryAfterMs: SOON_MS, about: 'The server shuts down.' },
  NO_BROWSER: {
    status: 503,
    session: null,
    refusal: 'no_browser',
    retryAfterMs: SOON_MS,
    about: 'No browser can be started.',
  },
} as const satisfies Record<string, Failure>;

export type FailureCode = keyof typeof TABLE;

export const FAILURES: Readonly<Record<FailureCode, Failure>> = TABLE;

export interface ServiceErrorOptions extends ErrorOptions {
  readonly headers?: Readonly<Record<string, string>>;
  /** The session that it has ended or refused. */
  readonly sessionId?: string;
  /** Set when more is known than the table says. */
  readonly retryAfterMs?: number | undefined;
}

/**
 * An expected failure on one thread. Only `{code, message}` crosses to another, because an error class loses its fields
 * on the way.
 */
export class ServiceError extends Error {
  readonly code: FailureCode;
  readonly headers: Readonly<Record<string, string>>;
  readonly sessionId: string | null;
  readonly retryAfterMs: number | undefined;

  constructor(code: FailureCode, message: string, options: ServiceErrorOptions = {}) {
    super(message, options);
    this.name = 'ServiceError';
    this.code = code;
    this.headers = options.headers ?? {};
    this.sessionId = options.sessionId ?? null;
    this.retryAfterMs = options.retryAfterMs ?? FAILURES[code].retryAfterMs;
  }
}
