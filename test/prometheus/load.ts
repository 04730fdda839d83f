/**
 * Modest traffic of every kind on a server, and a tally of what its clients were told. In the end the counters must say
 * the same.
 */

import { FAILURES, type FailureCode } from '../../src/failures.js';
import { until } from '../deadline.js';
import type { Pages } from '../fixtures/pages.js';
import { ask, type Question } from './ask.js';

const LANES = 3;
const ARRIVES_MS = 20_000;

/** `ok`, or the code of the failure. */
export type Told = 'ok' | FailureCode;

export interface Load {
  /** Sends one more session and counts what it was told. */
  session(path: string, body?: Readonly<Record<string, unknown>>): Promise<Told>;
  /** How many sessions were told what. */
  readonly told: ReadonlyMap<Told, number>;
  /** Clients that left before they were told anything. */
  left(): number;
  /** Waits for what is on its way, and sends no more. @throws what a client met that was no answer */
  stop(): Promise<void>;
}

export function startLoad(url: string, pages: Pages): Load {
  const told = new Map<Told, number>();
  let left = 0;
  let sent = 0;
  let isStopping = false;

  const count = (code: Told): void => void told.set(code, (told.get(code) ?? 0) + 1);
  const session: Load['session'] = async (path, body = {}) => {
    const code = await tell(url + path, { body: JSON.stringify(body) });
    count(code);
    return code;
  };
  /** Leaves once its page has been asked for, because it is sure then that it had a slot. */
  const leave = async (id: number): Promise<void> => {
    const path = `/never?client=${id}`;
    const client = new AbortController();
    let code: Told | null = null;
    const body = JSON.stringify({ url: pages.url(path) });
    const answered = tell(`${url}/screenshot`, { body, signal: client.signal }).then(
      (answer) => {
        code = answer;
      },
      () => {},
    );
    const hasArrived = (): boolean => code !== null || pages.requests.some((request) => request.path === path);
    try {
      await until(hasArrived, ARRIVES_MS, 'a page is asked for');
    } finally {
      client.abort();
    }
    await answered;
    if (code === null) left++;
    else count(code);
  };
  const mix: readonly ((id: number) => Promise<unknown>)[] = [
    () => session('/screenshot', { url: pages.url('/red') }),
    () => session('/test?operation=null'),
    () => session('/content', { url: pages.url('/') }),
    () => session('/screenshot?timeout=250', { url: pages.url('/never') }),
    () => session('/pdf', { html: '<h1>Numbers</h1>' }),
    () => session('/screenshot', { url: pages.url('/reset') }),
    () => ask(`${url}/nowhere`),
    leave,
  ];
  const lane = async (): Promise<void> => {
    while (!isStopping) {
      const id = sent++;
      await mix[id % mix.length]?.(id);
    }
  };
  const lanes = Promise.allSettled(Array.from({ length: LANES }, lane));
  return {
    session,
    told,
    left: () => left,
    async stop() {
      isStopping = true;
      for (const result of await lanes) if (result.status === 'rejected') throw result.reason;
    },
  };
}

async function tell(url: string, question: Question): Promise<Told> {
  const headers = { 'content-type': 'application/json', accept: 'application/json' };
  const { status, body } = await ask(url, { method: 'POST', headers, ...question });
  if (status === 200) return 'ok';
  const { error }: { error?: { code?: string } } = JSON.parse(body.toString('utf8'));
  const code = error?.code ?? '';
  if (!isFailureCode(code)) throw new Error(`${status} ${code} to ${url}`);
  return code;
}

function isFailureCode(code: string): code is FailureCode {
  return Object.hasOwn(FAILURES, code);
}
