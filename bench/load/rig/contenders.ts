/**
 * All that run sessions, ours and the rivals, started with the same binary and as many slots; and what a batch of
 * sessions cost one of them.
 *
 * Ours is measured through HTTP, with everything counted and logged as usual; the rivals without.
 */

import { homedir } from 'node:os';
import { join } from 'node:path';
import puppeteer from 'puppeteer';
import { browserFlags } from '../../../src/browsers/flags.js';
import { discoverChromium } from '../../../src/chromium/discover.js';
import { drive } from './drive.js';
import { shoot } from './puppeteer-session.js';
import {
  type Batch,
  PARTS,
  type Parts,
  PRODUCT_BYTES_MIN,
  type Rival,
  type RivalFile,
  type RivalSetup,
  runBatch,
  type Session,
  startRival,
} from './rival.js';
import { startServerProcess } from './server.js';
import { type Lasting, type Tree, watchTree } from './tree.js';

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
  /** Ours, as Puppeteer clients over WebSocket use it. */
  clients: { file: null, shownAs: 'headcount over WebSocket', settings: {}, areWebSockets: true },
  /** Ours with one Chromium, as the rivals have: shows what the second one costs. */
  single: { file: null, shownAs: 'headcount, one worker', settings: { WORKERS: '1' } },
  /** Ours without pages made ahead: shows what these bring, and whom they hold up. */
  unready: { file: null, shownAs: 'headcount, PREWARM=0', settings: { PREWARM: '0' } },
} as const satisfies Record<string, RivalRow>;
type Settings = Readonly<Record<string, string>>;
type RivalRow =
  | {
      readonly file: RivalFile;
      readonly shownAs: string;
      readonly hasExits?: boolean;
      readonly isLaunchedAhead?: boolean;
    }
  | { readonly file: null; readonly shownAs: string; readonly settings: Settings; readonly areWebSockets?: true };
export type RivalName = keyof typeof RIVALS;
export type Name = 'ours' | RivalName;

export interface Contender {
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
  /** The most that the whole tree had. */
  readonly pssBytes: number;
}

export async function startContender(name: Name): Promise<Contender> {
  const rival = await start(name);
  const tree = watchTree(rival.pid);
  return { stop: rival.stop, measure: (batch) => measure(rival, tree, batch) };
}

async function start(name: Name): Promise<Rival> {
  if (name === 'ours') return await startOurs({});
  const rival: RivalRow = RIVALS[name];
  if (rival.file === null) return await (rival.areWebSockets ? startClients() : startOurs(rival.settings));
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
  // They start it themselves, as their own user. As root, Chromium refuses to run in its sandbox.
  const flags = browserFlags({ profileDir: '', isSandboxed: process.getuid?.() !== 0, deadEndPort: 9 });
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

/** The clients are in this process, so what they cost is not the server's. */
async function startClients(): Promise<Rival> {
  const limits = { CONCURRENT: String(SLOTS), QUEUE_LENGTH: String(QUEUE) };
  const { url, pid, stop } = await startServerProcess(limits);
  const browserWSEndpoint = url.replace('http', 'ws');
  return {
    pid,
    stop,
    run: (batch) =>
      runBatch(batch, async ({ pageUrl }, gotProduct) => {
        const browser = await puppeteer.connect({ browserWSEndpoint });
        try {
          gotProduct(await shoot(browser, pageUrl));
        } finally {
          await browser.close();
        }
      }),
  };
}

/** From a `Server-Timing`. */
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
  let pssBytes = 0;
  // While it runs, because at rest the renderers are gone.
  const timer = setInterval(() => {
    pssBytes = Math.max(pssBytes, tree.pssBytes());
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
    pssBytes,
  };
}
