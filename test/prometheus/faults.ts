/**
 * The two deaths that a server must survive with right counts: of a worker thread, by its own doing, and of a browser,
 * by a signal to its process group. Each happens under a session, and is over when the server has noticed.
 */

import * as assert from 'uvu/assert';
import { until } from '../deadline.js';
import type { Pages } from '../fixtures/pages.js';
import { ask } from './ask.js';
import type { Load } from './load.js';
import type { Server } from './server.js';

const NOTICE_MS = 30_000;

export interface Scene {
  readonly server: Server;
  readonly pages: Pages;
  readonly load: Load;
}

interface RunningSession {
  readonly trackingId: string | null;
  readonly worker: number;
}

export async function endWorker({ server, load }: Scene, operation: 'exit' | 'throw' | 'reject'): Promise<void> {
  const [deaths, gone] = [server.said('worker thread died'), server.said('browser gone')];
  assert.is(await load.session(`/test?operation=${operation}`), 'WORKER_CRASHED');
  await until(() => server.said('worker thread died') > deaths, NOTICE_MS, 'a worker has died');
  await until(() => server.said('browser gone') > gone, NOTICE_MS, 'its browser has gone');
}

/** Kills the browser in which a session waits for a page that never comes. */
export async function killBrowser({ server, pages, load }: Scene): Promise<void> {
  const trackingId = `victim-${pages.requests.length}`;
  const path = `/never?${trackingId}`;
  const told = load.session(`/screenshot?trackingId=${trackingId}`, { url: pages.url(path) });
  await until(() => pages.requests.some((request) => request.path === path), NOTICE_MS, 'the page is asked for');
  const victim = (await runningSessions(server)).find((session) => session.trackingId === trackingId);
  const pid = server.browserPids().get(victim?.worker ?? -1);
  if (pid === undefined) throw new Error('no browser has the session');
  const gone = server.said('browser gone');
  process.kill(-pid, 'SIGKILL');
  assert.is(await told, 'BROWSER_CRASHED');
  await until(() => server.said('browser gone') > gone, NOTICE_MS, 'the browser has gone');
}

/** Sessions that still hold their slot. */
export async function runningSessions({ url }: Server): Promise<RunningSession[]> {
  const { body } = await ask(`${url}/sessions`);
  const listed: RunningSession[] = JSON.parse(body.toString('utf8'));
  return listed;
}
