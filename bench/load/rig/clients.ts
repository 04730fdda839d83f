/**
 * Who serves Puppeteer clients: our server, and a bare Chromium that all of them share, each in a context of its own.
 * The clients are in this process, so what they cost is nobody's.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import puppeteer from 'puppeteer';
import { deadline } from '../../../test/deadline.js';
import { shoot } from './puppeteer-session.js';
import { type Rival, type RivalSetup, runBatch } from './rival.js';
import { sandboxUser } from './sandbox-user.js';
import { startServerProcess, stopProcess } from './server.js';

const QUEUE = 64;
const START_MS = 30_000;

export async function startClients({ slots }: RivalSetup): Promise<Rival> {
  const { url, pid, stop } = await startServerProcess({ CONCURRENT: String(slots), QUEUE_LENGTH: String(QUEUE) });
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

/** What clients cost a Chromium with nothing of ours between: what our server asks for beside that is its own. */
export async function startShared({ chromiumPath, chromiumEnv, flags }: RivalSetup): Promise<Rival> {
  const { user, env, remove } = sandboxUser();
  const profileDir = join(env['HOME'] ?? tmpdir(), `shared-${process.pid}`);
  const own = flags.filter((flag) => !flag.startsWith('--remote-debugging'));
  const child = spawn(chromiumPath, [...own, '--remote-debugging-port=0', `--user-data-dir=${profileDir}`], {
    ...user,
    env: { ...process.env, ...chromiumEnv, ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const pid = child.pid ?? 0;
  const browserWSEndpoint = await deadline(endpointOf(child), START_MS, 'the address of Chromium');
  return {
    pid,
    run: (batch) =>
      runBatch(batch, async ({ pageUrl }, gotProduct) => {
        const browser = await puppeteer.connect({ browserWSEndpoint });
        try {
          const context = await browser.createBrowserContext();
          gotProduct(await shoot(context, pageUrl));
          await context.close();
        } finally {
          await browser.disconnect();
        }
      }),
    async stop() {
      await stopProcess(child);
      rmSync(profileDir, { recursive: true, force: true, maxRetries: 10 });
      remove();
    },
  };
}

/** From its stderr, which is read and dropped afterwards, so that the pipe never fills. */
async function endpointOf({ stderr }: ChildProcess): Promise<string> {
  if (!stderr) throw new Error('Chromium has no stderr');
  const lines = createInterface({ input: stderr });
  for await (const line of lines) {
    const [address] = /ws:\/\/\S+/.exec(line) ?? [];
    if (address === undefined) continue;
    stderr.resume();
    return address;
  }
  throw new Error('Chromium ended before it listened');
}
