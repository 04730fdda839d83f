/**
 * Drives a server over keep-alive connections: as fast as it answers, with a pause after each answer, or at a fixed
 * rate. In: a load; out: how each request fared. Bounded in count, and in time by the bench's own limit.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import { deadline } from '../../../test/deadline.js';
import { type Connection, openConnection, type RequestParts, requestBytes } from './connection.js';

export interface Load extends RequestParts {
  readonly url: string;
  /** Sends the tag of the connection's last answer along, as a client that keeps answers does. */
  readonly isConditional?: boolean;
  readonly connections: number;
  readonly requests: number;
  /** ms for which a connection pauses after an answer. */
  readonly gapMs?: number;
  /**
   * Requests come at this rate, whatever the answers do. One that finds no connection free is timed from the moment it
   * was due.
   */
  readonly ratePerSecond?: number;
  readonly limitMs: number;
}

export interface Asked {
  /** 0: the connection broke. */
  readonly status: number;
  readonly ms: number;
  readonly bodyBytes: number;
  /** The answer's `Server-Timing`. */
  readonly timing: string | null;
}

export interface Driven {
  readonly asked: readonly Asked[];
  readonly elapsedMs: number;
}

const BROKEN = { status: 0, bodyBytes: 0, etag: null, timing: null };

/** @throws {Error} when it takes longer than its limit. */
export async function drive(load: Load): Promise<Driven> {
  const url = new URL(load.url);
  const connections = Array.from({ length: load.connections }, () => openConnection(url));
  const asked: Asked[] = [];
  const startMs = performance.now();
  let next = 0;
  const work = async (connection: Connection): Promise<void> => {
    let request = requestBytes(url, load);
    let lastTag: string | null = null;
    while (next < load.requests) {
      const dueMs = load.ratePerSecond ? startMs + (next * 1000) / load.ratePerSecond : 0;
      next++;
      const beganMs = await begin(dueMs);
      const { status, bodyBytes, etag, timing } = await connection.ask(request).catch(() => BROKEN);
      asked.push({ status, bodyBytes, timing, ms: performance.now() - beganMs });
      if (load.isConditional && etag !== null && etag !== lastTag) {
        lastTag = etag;
        request = requestBytes(url, { ...load, headers: { ...load.headers, 'If-None-Match': etag } });
      }
      if (load.gapMs) await sleep(load.gapMs);
    }
  };
  try {
    await deadline(Promise.all(connections.map(work)), load.limitMs, `${load.requests} requests to ${load.path}`);
  } finally {
    for (const connection of connections) connection.close();
  }
  return { asked, elapsedMs: performance.now() - startMs };
}

/**
 * Waits until the request is due, and returns the moment from which it is timed. When a timer is late, that is the
 * bench's own lateness and is not counted. When all connections were still busy, that is the server's, and is counted.
 */
async function begin(dueMs: number): Promise<number> {
  const aheadMs = dueMs - performance.now();
  if (dueMs === 0) return performance.now();
  if (aheadMs <= 0) return dueMs;
  await sleep(aheadMs);
  return performance.now();
}

/** Nearest rank; NaN when there are no values. */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)] ?? Number.NaN;
}
