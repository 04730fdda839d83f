/**
 * A request that was refused before it became a session, as the operator is told of it. Pure.
 */
import type { IncomingMessage } from 'node:http';
import { FAILURES, type FailureCode, type ServiceError } from '../failures.js';
import type { ClientOf } from './client-address.js';

/** The label of requests that belong to no route. */
export const OTHER = 'other';

export interface RefusedRequest {
  readonly route: string;
  readonly method: string;
  readonly status: number;
  readonly code: FailureCode;
  readonly message: string;
  readonly client: string | null;
}

export function refusedAs(
  { code, message }: ServiceError,
  {
    route,
    request,
    clientOf,
  }: { readonly route: string; readonly request: IncomingMessage; readonly clientOf: ClientOf },
): RefusedRequest {
  const { status } = FAILURES[code];
  return { route, method: request.method ?? '', status, code, message, client: clientOf(request) };
}
