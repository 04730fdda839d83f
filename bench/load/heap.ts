/**
 * What a session leaves behind: live heap of a worker thread and of the main thread after a collection, over thousands
 * of sessions of each make, as bytes a session. And handles, listeners and what the connection to the browser holds.
 * Target: under 1 KB in each heap, and nothing of the others.
 */

import { isQuick } from '../measure.js';
import type { BenchReport, BenchRow, DetailTable } from '../row.js';
import { drive } from './rig/drive.js';
import { type ServerProcess, startServerProcess } from './rig/server.js';

const BYTES_MAX = 1_024;
const CLIENTS = 4;
/** Caches that are filled once (compiled code, interned names) are not left by a session. */
const WARM_UP = isQuick() ? 100 : 300;
const DRIVE_MS_MAX = 400_000;
const HTML = '<p>some text</p>';

/** Each make of context, and what is around it; `null` has no context. */
const MAKES = [
  { name: 'null sessions', path: '/test?operation=null', body: {}, count: isQuick() ? 2_000 : 20_000 },
  { name: 'plain contexts', path: '/content', body: { html: HTML }, count: isQuick() ? 200 : 2_000 },
  {
    name: "Playwright's contexts",
    path: '/content',
    body: { html: HTML, waitForSelector: { selector: 'p' } },
    count: isQuick() ? 200 : 1_500,
  },
  {
    name: "Playwright's contexts with settings",
    path: '/content',
    body: { html: HTML, userAgent: 'bench', addStyleTag: [{ content: 'p { color: red }' }] },
    count: isQuick() ? 200 : 1_000,
  },
] as const;

interface Held {
  readonly heapUsedBytes: number;
  readonly handles: number;
  readonly listeners: number;
  readonly connection?: Readonly<Record<string, number>> | null;
}

interface Growth {
  readonly name: string;
  readonly count: number;
  readonly thread: 'worker' | 'main';
  readonly bytes: number;
  readonly before: Held;
  readonly after: Held;
}

export async function run(): Promise<BenchReport> {
  const server = await startServerProcess({ WORKERS: '1', CONCURRENT: '4', HEADCOUNT_TEST_SESSIONS: 'true' });
  try {
    const growths: Growth[] = [];
    for (const make of MAKES) growths.push(...(await grow(server, make)));
    return { rows: growths.flatMap(rowsOf), tables: [tableOf(growths)] };
  } finally {
    await server.stop();
  }
}

async function grow(server: ServerProcess, make: (typeof MAKES)[number]): Promise<readonly Growth[]> {
  const { name, path, count } = make;
  const send = async (requests: number): Promise<void> => {
    const body = JSON.stringify(make.body);
    const load = { url: server.url, path, body, connections: CLIENTS, requests, limitMs: DRIVE_MS_MAX };
    const { asked } = await drive(load);
    const failed = asked.find(({ status }) => status !== 200);
    if (failed) throw new Error(`${name}: a session was answered ${failed.status}`);
  };
  await send(WARM_UP);
  const before = await census(server);
  await send(count);
  const after = await census(server);
  return (['worker', 'main'] as const).map((thread) => ({
    name,
    count,
    thread,
    bytes: (after[thread].heapUsedBytes - before[thread].heapUsedBytes) / count,
    before: before[thread],
    after: after[thread],
  }));
}

async function census({ url }: ServerProcess): Promise<{ readonly worker: Held; readonly main: Held }> {
  const ask = async (operation: string): Promise<Held> => {
    const response = await fetch(`${url}/test?operation=${operation}`, { method: 'POST' });
    if (!response.ok) throw new Error(`${operation}: ${response.status}`);
    return JSON.parse(await response.text());
  };
  // The contexts of the last sessions close after their answers, and the next page is made ready meanwhile.
  await ask('census');
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  return { worker: await ask('census'), main: await ask('main-census') };
}

function rowsOf({ name, count, thread, bytes, before, after }: Growth): BenchRow[] {
  const others = countsOf(after).map(([what, value], i) => `${what} ${value - (countsOf(before)[i]?.[1] ?? 0)}`);
  return [
    {
      claim: `bytes of live heap a session, ${thread}, over ${count} ${name} (${others.join(', ')} more than before)`,
      // A heap that is smaller than before has grown by nothing.
      ours: Math.max(0, bytes),
      compared: null,
      ratio: null,
      target: `under ${BYTES_MAX}`,
      isMet: bytes < BYTES_MAX,
      isCount: true,
    },
  ];
}

function countsOf({ handles, listeners, connection }: Held): [string, number][] {
  const held = Object.entries(connection ?? {}).map(([what, value]): [string, number] => [
    `${what} with Chromium`,
    value,
  ]);
  return [['handles', handles], ['listeners', listeners], ...held];
}

function tableOf(growths: readonly Growth[]): DetailTable {
  return {
    title: 'What a session leaves: live heap after a collection',
    columns: ['sessions', 'of', 'thread', 'KB before', 'KB after', 'bytes a session'],
    rows: growths.map(({ name, count, thread, bytes, before, after }) => [
      String(count),
      name,
      thread,
      Math.round(before.heapUsedBytes / 1_024),
      Math.round(after.heapUsedBytes / 1_024),
      Math.round(bytes),
    ]),
  };
}
