/**
 * A real server in this process, on a port of its own, with real Chromium; and what tests ask it.
 */

import { availableParallelism, tmpdir } from 'node:os';
import * as assert from 'uvu/assert';
import { parseConfig } from '../../src/config/parse.js';
import { type Headcount, startServer } from '../../src/server/server.js';
import { until } from '../deadline.js';

export interface Server {
  readonly headcount: Headcount;
  readonly url: string;
  readonly logged: string[];
  post(path: string, body: unknown, init?: RequestInit): Promise<Response>;
  get(path: string, init?: RequestInit): Promise<Response>;
  /** Every sample of `/prometheus` by name and labels, as `name{a="b"}`. */
  samples(): Promise<Map<string, number>>;
  stop(): Promise<void>;
}

export async function start(
  settings: Readonly<Record<string, string>> = {},
  tempDir = tmpdir(),
  historyPath: string | null = null,
): Promise<Server> {
  const { config, errors } = parseConfig({ PORT: '0', WORKERS: '2', HEADCOUNT_TEST_SESSIONS: 'true', ...settings });
  if (errors.length > 0) throw new Error(errors.join('; '));
  const logged: string[] = [];
  const say = (...given: unknown[]): void => {
    logged.push(given.map((one) => (typeof one === 'string' ? one : JSON.stringify(one))).join(' '));
  };
  const headcount = await startServer({
    config,
    log: { trace: say, debug: say, info: say, warn: say, error: say, fatal: say },
    cpus: availableParallelism(),
    workers: config.workers ?? 2,
    tempDir,
    historyPath,
    environment: { PATH: process.env['PATH'] ?? '' },
    places: {
      homeDir: process.env['HOME'] ?? tempDir,
      cacheDir: `${process.env['HOME'] ?? tempDir}/.cache/headcount`,
      playwrightBrowsersPath: undefined,
      libraryPath: undefined,
    },
  });
  const { url } = headcount;
  const get: Server['get'] = (path, init = {}) => fetch(url + path, init);
  return {
    headcount,
    url,
    logged,
    get,
    post: (path, body, init = {}) =>
      fetch(url + path, {
        method: 'POST',
        body: typeof body === 'string' ? body : JSON.stringify(body),
        headers: { 'content-type': typeof body === 'string' ? 'text/html' : 'application/json' },
        ...init,
      }),
    async samples() {
      const text = await (await get('/prometheus', { headers: { accept: 'text/plain' } })).text();
      return samplesOf(text);
    },
    stop: () => headcount.stop(),
  };
}

export type Refused = [status: number, code: string, message: string];

/** @throws {Error} when the request is not refused. */
export async function refusalOf(server: Server, path: string, body: object): Promise<Refused> {
  const response = await server.post(path, body);
  const text = await response.text();
  if (response.status === 200) throw new Error(`not refused: ${JSON.stringify(body)}`);
  const { code, message } = JSON.parse(text).error;
  return [response.status, code, message];
}

/** The same server, asked with a token in a header. `post` needs it in `init`. */
export function withToken(server: Server, token: string): Server {
  const get: Server['get'] = (path, init = {}) =>
    server.get(path, { ...init, headers: { authorization: `Bearer ${token}`, ...Object(init.headers) } });
  const samples: Server['samples'] = async () =>
    samplesOf(await (await get('/prometheus', { headers: { accept: 'text/plain' } })).text());
  return { ...server, get, samples };
}

export function samplesOf(text: string): Map<string, number> {
  const found = new Map<string, number>();
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    const at = line.lastIndexOf(' ');
    found.set(line.slice(0, at), Number(line.slice(at + 1)));
  }
  return found;
}

/**
 * The sum of a family's samples whose labels hold `part`.
 * @throws when there is no such family: a mistyped name would give 0, which many tests expect.
 */
export function total(samples: ReadonlyMap<string, number>, name: string, part = ''): number {
  const family = [...samples].filter(([key]) => key === name || key.startsWith(`${name}{`));
  if (family.length === 0) throw new Error(`no samples of ${name}`);
  return family.filter(([key]) => key.includes(part)).reduce((sum, [, value]) => sum + value, 0);
}

export async function ready(server: Server, ms = 60_000): Promise<void> {
  await until(async () => (await server.get('/health/ready')).status === 200, ms, 'the server to be ready');
}

/** Jobs that are more than come together in one of two workers, with as many slots. */
const SPREAD = 10;

/** Has each of two workers, at rest, run a session. From then on both keep a page ready. */
export async function visitBoth(server: Pick<Server, 'post'>, init: RequestInit = {}): Promise<void> {
  const visit = (): Promise<Response> => server.post('/content', { html: 'x', waitForTimeout: 300 }, init);
  const both = await Promise.all(Array.from({ length: SPREAD }, visit));
  for (const response of both) {
    await response.arrayBuffer();
    assert.is(response.status, 200);
  }
}

/** At rest: nothing runs, nothing waits, every slot is free and every shard has its browser. */
export async function atRest(server: Server): Promise<void> {
  await until(
    async () => {
      const sessions: unknown[] = JSON.parse(await (await server.get('/sessions')).text());
      const samples = await server.samples();
      return (
        sessions.length === 0 &&
        total(samples, 'headcount_queue_length') === 0 &&
        total(samples, 'headcount_workers', 'idle') === 2
      );
    },
    60_000,
    'the server to be at rest',
  );
}
