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
}

/** Most of what is full or missing is there again by then. */
const SOON_MS = 1_000;

const TABLE = {
  BAD_REQUEST: { status: 400, session: 'bad_request', refusal: null },
  UNAUTHORIZED: { status: 401, session: null, refusal: null },
  FORBIDDEN_TARGET: { status: 403, session: 'policy', refusal: null },
  FORBIDDEN_ORIGIN: { status: 403, session: null, refusal: null },
  NOT_FOUND: { status: 404, session: null, refusal: null },
  METHOD_NOT_ALLOWED: { status: 405, session: null, refusal: null },
  REQUEST_TIMEOUT: { status: 408, session: null, refusal: null },
  SESSION_TIMEOUT: { status: 408, session: 'timeout', refusal: null },
  QUEUE_TIMEOUT: { status: 408, session: null, refusal: 'expired' },
  STEP_TIMEOUT: { status: 408, session: 'step_timeout', refusal: null },
  PAYLOAD_TOO_LARGE: { status: 413, session: null, refusal: null },
  URI_TOO_LONG: { status: 414, session: null, refusal: null },
  UNSUPPORTED_MEDIA_TYPE: { status: 415, session: null, refusal: null },
  EXPECTATION_FAILED: { status: 417, session: null, refusal: null },
  QUEUE_FULL: { status: 429, session: null, refusal: 'queue_full', retryAfterMs: SOON_MS },
  HEADERS_TOO_LARGE: { status: 431, session: null, refusal: null },
  CLIENT_CLOSED: { status: 499, session: 'client_closed', refusal: 'abandoned' },
  INTERNAL: { status: 500, session: 'error', refusal: null },
  SESSION_FAILED: { status: 500, session: 'page_error', refusal: null },
  SESSION_KILLED: { status: 500, session: 'killed', refusal: 'abandoned' },
  NAVIGATION_FAILED: { status: 502, session: 'navigation', refusal: null },
  PAGE_CRASHED: { status: 502, session: 'page_crash', refusal: null },
  BROWSER_CRASHED: { status: 502, session: 'browser_crash', refusal: null },
  WORKER_CRASHED: { status: 502, session: 'worker_crash', refusal: null },
  TOO_MANY_LISTENERS: { status: 503, session: null, refusal: null, retryAfterMs: SOON_MS },
  DRAINING: { status: 503, session: null, refusal: 'draining', retryAfterMs: SOON_MS },
  NO_BROWSER: { status: 503, session: null, refusal: 'no_browser', retryAfterMs: SOON_MS },
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
