/**
 * Runs a check twice. First with a browser that the client has launched. Then with the server, where it must hold too,
 * or fail as the table of differences says.
 */

import { homedir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import * as assert from 'uvu/assert';
import { discoverChromium } from '../../src/chromium/discover.js';
import { deadline } from '../deadline.js';
import { type Client, DIFFERENCES } from './differences.js';

export const WAIT_MS = 30_000;

/** How a client launches the same browser that the server has. */
export interface Launch {
  readonly executablePath: string;
  readonly env: Readonly<Record<string, string>>;
}

export async function findLaunch(): Promise<Launch> {
  const { path, env } = await discoverChromium({
    homeDir: homedir(),
    cacheDir: join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'headcount'),
    playwrightBrowsersPath: process.env['PLAYWRIGHT_BROWSERS_PATH'],
    progress: () => {},
    setting: undefined,
  });
  return { executablePath: path, env: { PATH: process.env['PATH'] ?? '', HOME: homedir(), ...env } };
}

export interface Both {
  readonly client: Client;
  readonly check: string;
  direct(): Promise<void>;
  served(): Promise<void>;
}

export async function both({ client, check, direct, served }: Both): Promise<void> {
  await deadline(direct(), WAIT_MS, 'with a browser of its own').catch(told('with a browser of its own'));
  const difference = DIFFERENCES.find((one) => one.clients.includes(client) && one.check === check);
  const serving = deadline(served(), WAIT_MS, 'with the server');
  if (!difference) return await serving.catch(told('with the server'));
  const error = await serving.then(
    () => null,
    (thrown: Error) => thrown,
  );
  assert.ok(error, 'the server is no different any more');
  assert.match(error?.message ?? '', difference.error);
}

function told(where: string): (error: unknown) => never {
  return (error) => {
    if (!(error instanceof Error)) throw new Error(`${where}: ${inspect(error)}`);
    error.message = `${where}: ${error.message}`;
    throw error;
  };
}

/** Rows of the table that name none of `checks`. */
export function unknownChecks(client: Client, checks: Readonly<Record<string, unknown>>): string[] {
  return DIFFERENCES.filter((one) => one.clients.includes(client) && !Object.hasOwn(checks, one.check)).map(
    (one) => one.check,
  );
}
