/**
 * Reads a frame from a client: a command of CDP, or null for what nobody could answer. Pure.
 */
import { OWN_IDS_FROM } from '../cdp/calls.js';
import type { Params } from './methods.js';

export interface Request {
  readonly id: number;
  readonly method: string;
  readonly params: Params;
  /** Undefined for a command to the browser. */
  readonly sessionId: string | undefined;
}

/** Null when it is no command. Never throws. */
export function readRequest(frame: Buffer): Request | null {
  let value: unknown;
  try {
    value = JSON.parse(frame.toString('utf8'));
  } catch {
    return null;
  }
  if (!isObject(value)) return null;
  const { id, method, params = {}, sessionId } = value;
  const isId = typeof id === 'number' && Number.isInteger(id) && id >= 0 && id < OWN_IDS_FROM;
  if (!isId || typeof method !== 'string' || !isObject(params)) return null;
  if (sessionId !== undefined && sessionId !== null && typeof sessionId !== 'string') return null;
  // Chromium takes it so, and Playwright's clients rely on that.
  return { id, method, params, sessionId: sessionId || undefined };
}

function isObject(value: unknown): value is Params {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
