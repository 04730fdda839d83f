/**
 * A failure as an answer: JSON when the request sent or accepts JSON, else its message as text. Pure.
 */
import type { IncomingMessage } from 'node:http';
import { FAILURES, type FailureCode, ServiceError } from '../failures.js';
import { type Answer, json, text } from './route.js';

const RETRY_STATUSES: readonly number[] = [429, 503];

export function answerFailure(request: IncomingMessage, error: unknown): Answer {
  if (error instanceof ServiceError) return answerCode(request, error.code, error.message, error.headers);
  return answerCode(request, 'INTERNAL', 'something went wrong in headcount; its log says what');
}

function answerCode(
  request: IncomingMessage,
  code: FailureCode,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): Answer {
  const { status } = FAILURES[code];
  const made = wantsJson(request) ? json({ error: { code, message } }, status) : text(`${message}\n`, status);
  const retry = RETRY_STATUSES.includes(status) ? { 'Retry-After': '1' } : {};
  // What follows a body that was not read is not a request.
  const close = hasBody(request) && !request.complete ? { Connection: 'close' } : {};
  return { ...made, headers: { ...made.headers, ...retry, ...close, ...headers } };
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

function wantsJson({ headers }: IncomingMessage): boolean {
  return /\bjson\b/i.test(headers['content-type'] ?? '') || /\bjson\b/i.test(headers.accept ?? '');
}
