/**
 * A real server for clients over WebSocket. Meanwhile its shards run jobs over HTTP all the time.
 */

import { setTimeout } from 'node:timers/promises';
import * as assert from 'uvu/assert';
import { until } from '../deadline.js';
import { checkIdentities } from '../end-to-end/identities.js';
import { atRest, ready, type Server, start, total, visitBoth, withToken } from '../end-to-end/server.js';

const WAIT_MS = 20_000;
const TOKEN = 'a-token';
const HEADERS = { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' };
/** The pause between pairs of jobs: clients should meet a shard with work, not a full one. */
const PAUSE_MS = 1500;
/** What is open when nothing runs: one page kept ready for each shard. */
const KEPT_READY = 2;

export interface Service {
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
  /** `ws://127.0.0.1:<port>/?token=` */
  readonly endpoint: string;
  readonly token: string;
  /**
   * Ends the jobs, and checks that nothing is left of any client, that every job has succeeded, and that the books are
   * right.
   */
  checkRest(): Promise<void>;
  close(): Promise<void>;
}

/** `target` is the page of the jobs. */
export async function openService(target: string): Promise<Service> {
  const server = await start({ TOKEN, CONCURRENT: '10' });
  const asked = withToken(server, TOKEN);
  await ready(asked);
  const jobs = startJobs(server, target);
  return {
    url: server.url,
    endpoint: `${server.url.replace('http', 'ws')}/?token=${TOKEN}`,
    token: TOKEN,
    async checkRest() {
      const statuses = await jobs.stop();
      assert.ok(statuses.length > 0, 'no job has run');
      assert.equal([...new Set(statuses)], [200]);
      await visitBoth(server, { headers: HEADERS });
      await atRest(asked);
      const contexts = async (): Promise<number> => total(await asked.samples(), 'headcount_contexts_open');
      await until(async () => (await contexts()) === KEPT_READY, WAIT_MS, 'only contexts that are kept ready');
      const { samples } = await checkIdentities(asked);
      assert.is(total(samples, 'headcount_session_failures_total'), 0, 'sessions have failed');
      assert.is(total(samples, 'headcount_browser_launches_total'), 2, 'a browser was lost');
    },
    async close() {
      await jobs.stop();
      await server.stop();
    },
  };
}

interface Jobs {
  /** Resolves with the status of each job, when the last has ended. */
  stop(): Promise<readonly number[]>;
}

function startJobs(server: Server, url: string): Jobs {
  const statuses: number[] = [];
  const stopped = new AbortController();
  const run = async (): Promise<void> => {
    while (!stopped.signal.aborted) {
      for (const path of ['/content', '/screenshot']) {
        const response = await server.post(path, { url }, { headers: HEADERS });
        await response.arrayBuffer();
        statuses.push(response.status);
      }
      await setTimeout(PAUSE_MS, undefined, { signal: stopped.signal }).catch(() => {});
    }
  };
  const running = run();
  return {
    async stop() {
      stopped.abort();
      await running;
      return statuses;
    },
  };
}
