/**
 * Which cage works here: Chromium is started in each, best first, until one answers. No file and no kernel setting says
 * as much: user namespaces can be forbidden in several ways, and a folder can be out of the other user's reach. Main
 * thread.
 */
import { closeSync, constants, openSync, writeSync } from 'node:fs';
import { Socket } from 'node:net';
import type { Clock } from '../clock.js';
import { createOnce, isWithin, limit, type Once, waitFor } from '../wait.js';
import type { Cage } from './cage.js';
import type { BrowserProcess } from './spawn.js';

const ASKED = '{"id":1,"method":"Browser.getVersion"}\0';
const END_LIMIT_MS = 5_000;

export interface TrialOptions {
  /** Best first. */
  readonly cages: readonly Cage[];
  readonly spawn: (cage: Cage) => Promise<BrowserProcess>;
  /** For a Chromium that neither answers nor ends. */
  readonly limitMs: number;
  readonly clock: Clock;
  /** Ends the trial. */
  readonly stop: Once;
}

export interface Found {
  readonly cage: Cage;
  /** Why each better cage did not work. */
  readonly complaints: readonly Complaint[];
}

interface Complaint {
  readonly cage: Cage;
  readonly message: string;
}

/** @throws {Error} Chromium works in none of them, or the trial was stopped; the message is about the last one. */
export async function findCage(options: TrialOptions): Promise<Found> {
  const complaints: Complaint[] = [];
  for (const cage of options.cages) {
    const message = await complaintOn(cage, options);
    if (message === null) return await confirmed({ cage, complaints }, options);
    complaints.push({ cage, message });
  }
  throw new Error(complaints.at(-1)?.message ?? 'there is nothing to try');
}

/**
 * A better cage may have failed for want of memory, time or descriptors. So it is tried again once another has worked.
 */
async function confirmed(found: Found, options: TrialOptions): Promise<Found> {
  const [first] = found.complaints;
  if (!first || (await complaintOn(first.cage, options)) !== null) return found;
  return { cage: first.cage, complaints: [] };
}

/** Null: Chromium has answered. It does so only once its sandbox stands. */
async function complaintOn(cage: Cage, { spawn, limitMs, clock, stop }: TrialOptions): Promise<string | null> {
  if (stop.hasHappened()) throw new Error('stopped');
  let browser: BrowserProcess;
  try {
    browser = await spawn(cage);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  const { answered, close } = ask(browser);
  const complaint = await waitFor<string | null, string | null>(
    browser.exited.then(({ detail }) => detail),
    [answered, () => null],
    [limit(clock, limitMs), () => `no answer within ${limitMs} ms`],
    [stop, () => 'stopped'],
  );
  close();
  browser.kill('shutdown');
  if (await isWithin(clock, END_LIMIT_MS, browser.exited)) return complaint;
  // A root without the right capability may not kill it; then it ends with its pipe.
  browser.releaseEnds();
  await isWithin(clock, END_LIMIT_MS, browser.exited);
  return complaint ?? 'it cannot be ended';
}

function ask({ readPath, writePath }: BrowserProcess): { answered: Once; close: () => void } {
  const writer = openSync(writePath, constants.O_WRONLY | constants.O_NONBLOCK);
  writeSync(writer, ASKED);
  closeSync(writer);
  const answered = createOnce();
  const reader = new Socket({ fd: openSync(readPath, constants.O_RDONLY | constants.O_NONBLOCK), readable: true });
  reader.on('error', () => {}).once('data', () => answered.happen());
  return { answered, close: () => void reader.destroy() };
}
