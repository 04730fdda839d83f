/**
 * A failure as an answer: JSON when the request sent or accepts JSON, else the message as text. Pure.
 */
import type { IncomingMessage } from 'node:http';
import { FAILURES, ServiceError } from '../failures.js';
import { preferredType } from './accept.js';
import { type Answer, json, text } from './route.js';

export function answerFailure(request: IncomingMessage, error: unknown): Answer {
  const isExpected = error instanceof ServiceError;
  const failure = isExpected
    ? error
    : new ServiceError('INTERNAL', 'something went wrong in headcount; its log says what');
  const { code, message, retryAfterMs, sessionId } = failure;
  const { status } = FAILURES[code];
  const made = wantsJson(request) ? json({ error: { code, message } }, status) : text(`${message}\n`, status);
  // In whole seconds, rounded up: a client that came back too soon would be refused once more.
  const retry = retryAfterMs === undefined ? {} : { 'Retry-After': String(Math.ceil(retryAfterMs / 1_000)) };
  const session = sessionId === null ? {} : { 'x-session-id': sessionId };
  return { ...made, headers: { ...made.headers, ...retry, ...session, ...failure.headers } };
}

const JSON_TYPE = 'application/json';

function wantsJson({ headers, url = '' }: IncomingMessage): boolean {
  return (
    /[?&]body=/.test(url) ||
    /\bjson\b/i.test(headers['content-type'] ?? '') ||
    preferredType(headers, ['text/plain', JSON_TYPE]) === JSON_TYPE
  );
}
