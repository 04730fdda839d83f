/**
 * All that run sessions, ours and the rivals, started with the same binary and as many slots; and what a batch of
 * sessions cost one of them.
 *
 * Ours is measured through HTTP, with everything counted and logged as usual; the rivals without.
 */

import { homedir } from 'node:os';
import { join } from 'node:path';
import { browserFlags } from '../../../src/browsers/flags.js';
import { discoverChromium } from '../../../src/chromium/discover.js';
import { startClients, startShared } from './clients.js';
import { drive } from './drive.js';
import {
  type Batch,
  PARTS,
  type Parts,
  PRODUCT_BYTES_MIN,
  type Rival,
  type RivalFile,
  type RivalSetup,
  type Session,
  startRival,
} from './rival.js';
import { startServerProcess } from './server.js';
import { type Lasting, type Memory, sumOf, type Tree, watchTree } from './tree.js';

const BATCH_MS_MAX = 90_000;
const SAMPLE_MEMORY_EVERY_MS = 500;
/** Sessions at once. Those beyond it wait in a queue. */
export const SLOTS = 4;
const QUEUE = 64;

export const RIVALS = {
  cdp: { file: 'bare-cdp', shownAs: 'bare CDP' },
  exits: { file: 'bare-cdp', shownAs: 'bare CDP by exits', hasExits: true },
  playwright: { file: 'bare-playwright', shownAs: 'playwright-core' },
  cluster: { file: 'cluster', shownAs: 'puppeteer-cluster' },
  launching: { file: 'launching', shownAs: 'launch per session' },
  own: { file: 'own-browsers', shownAs: 'a browser each' },
  ahead: { file: 'own-browsers', shownAs: 'a browser each, launched ahead', isLaunchedAhead: true },
  /** Ours, to Puppeteer clients over WebSocket; and a Chromium to which they go straight, all to the same. */
  clients: { file: null, shownAs: 'headcount over WebSocket', start: startClients },
  shared: { file: null, shownAs: 'a bare Chromium shared', start: startShared },
  /** Ours with as many Chromiums: one as the rivals have, and what further ones cost. */
  two: { file: null, shownAs: 'headcount, two workers', start: () => startOurs({ WORKERS: '2' }) },
  four: { file: null, shownAs: 'headcount, four workers', start: () => startOurs({ WORKERS: '4' }) },
  single: { file: null, shownAs: 'headcount, one worker', start: () => startOurs({ WORKERS: '1' }) },
  /** Ours with other numbers of pages made ahead: what they bring, and whom they hold up. */
  ready2: { file: null, shownAs: 'headcount, PREWARM=2', start: () => startOurs({ PREWARM: '2' }) },
  single2: {
    file: null,
    shownAs: 'headcount, one worker, PREWARM=2',
    start: () => startOurs({ WORKERS: '1', PREWARM: '2' }),
  },
  unready: { file: null, shownAs: 'headcount, PREWARM=0', start: () => startOurs({ PREWARM: '0' }) },
} as const satisfies Record<string, RivalRow>;
type Settings = Readonly<Record<string, string>>;
type RivalRow =
  | {
      readonly file: RivalFile;
      readonly shownAs: string;
      readonly hasExits?: boolean;
      readonly isLaunchedAhead?: boolean;
    }
  | { readonly file: null; readonly shownAs: string; readonly start: (setup: RivalSetup) => Promise<Rival> };
export type RivalName = keyof typeof RIVALS;
export type Name = 'ours' | RivalName;

export interface Contender {
  readonly tree: Tree;
  measure(batch: Batch): Promise<Measured>;
  stop(): Promise<void>;
}

export interface Measured {
  readonly sessions: readonly Session[];
  readonly elapsedMs: number;
  readonly errors: number;
  /** Of the whole process tree, for each session that ended well. */
  readonly cpuMs: number;
  /** Of the processes that last. The rest of `cpuMs` is renderers'. */
  readonly lastingCpuMs: Lasting;
  /** When the whole tree had the most. */
  readonly memory: Memory;
}

export async function startContender(name: Name): Promise<Contender> {
  const rival = await start(name);
  const tree = watchTree(rival.pid, { hasAccount: true });
  return {
    tree,
    measure: (batch) => measure(rival, tree, batch),
    async stop() {
      await rival.stop();
      await tree.close();
    },
  };
}

async function start(name: Name): Promise<Rival> {
  if (name === 'ours') return await startOurs({});
  const rival: RivalRow = RIVALS[name];
  if (rival.file === null) return await rival.start(await rivalSetup(false));
  const { file, hasExits = false, isLaunchedAhead = false } = rival;
  return await startRival(file, { ...(await rivalSetup(hasExits)), isLaunchedAhead });
}

/** The same binary that the server finds by itself, with the server's flags. */
async function rivalSetup(hasExits: boolean): Promise<RivalSetup> {
  const { path, env } = await discoverChromium({
    homeDir: homedir(),
    cacheDir: join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'headcount'),
    playwrightBrowsersPath: process.env['PLAYWRIGHT_BROWSERS_PATH'],
    progress: () => {},
    setting: undefined,
  });
  const flags = browserFlags({ profileDir: '', isSandboxed: true, deadEndPort: 9 });
  // Only flags that are the same for all: not where its files are, and not how ours leave, unless that is measured.
  const notShared = hasExits ? /-dir=/ : /-dir=|^--(proxy|host-resolver|force-webrtc)/;
  const shared = flags.filter((flag) => !notShared.test(flag));
  return { chromiumPath: path, chromiumEnv: env, flags: shared, slots: SLOTS, hasExits };
}

async function startOurs(settings: Settings): Promise<Rival> {
  const limits = { CONCURRENT: String(SLOTS), QUEUE_LENGTH: String(QUEUE) };
  const { url, pid, stop } = await startServerProcess({ ...limits, ...settings });
  return {
    pid,
    stop,
    async run({ kind, pageUrl, sessions, clients, gapMs }, limitMs): Promise<Session[]> {
      const { asked } = await drive({
        url,
        path: `/${kind}`,
        body: JSON.stringify({ url: pageUrl }),
        connections: clients,
        requests: sessions,
        gapMs,
        limitMs,
      });
      // What follows the answer keeps nobody waiting, so its cycle is the answer's time.
      return asked.map(({ status, bodyBytes, timing, ms }) => ({
        isOk: status === 200 && bodyBytes >= PRODUCT_BYTES_MIN[kind],
        productMs: ms,
        cycleMs: ms,
        parts: partsOf(timing ?? ''),
      }));
    },
  };
}

/** Of a `Server-Timing`. */
function partsOf(timing: string): Parts {
  const found = PARTS.flatMap((part) => {
    const ms = new RegExp(`\\b${part};dur=([0-9.]+)`).exec(timing)?.[1];
    return ms === undefined ? [] : [[part, Number(ms)] as const];
  });
  return Object.fromEntries(found);
}

async function measure(rival: Rival, tree: Tree, batch: Batch): Promise<Measured> {
  const beforeMs = await tree.settledCpuMs();
  const lastingBefore = tree.lastingCpuMs();
  const startMs = performance.now();
  let memory = tree.memory();
  // While it runs, because at rest the renderers are gone.
  const timer = setInterval(() => {
    const now = tree.memory();
    if (sumOf(now) > sumOf(memory)) memory = now;
  }, SAMPLE_MEMORY_EVERY_MS);
  const all = await rival.run(batch, BATCH_MS_MAX).finally(() => clearInterval(timer));
  const elapsedMs = performance.now() - startMs;
  const cpuMs = (await tree.settledCpuMs()) - beforeMs;
  const lastingAfter = tree.lastingCpuMs();
  const sessions = all.filter(({ isOk }) => isOk);
  const each = (name: keyof Lasting): number => (lastingAfter[name] - lastingBefore[name]) / sessions.length;
  const lasting = { program: each('program'), browser: each('browser'), 'gpu-process': each('gpu-process') };
  return {
    sessions,
    elapsedMs,
    errors: all.length - sessions.length,
    cpuMs: cpuMs / sessions.length,
    lastingCpuMs: { ...lasting, utility: each('utility') },
    memory,
  };
}
