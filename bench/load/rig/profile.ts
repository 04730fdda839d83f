/**
 * Reads what `node --cpu-prof` wrote, one file for each thread, and tells whose the time was. A sample belongs to the
 * room or package nearest to where it was taken, so what a builtin does is its caller's.
 */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface ProfiledWindow {
  readonly fromUs: number;
  readonly toUs: number;
}

export interface ProfiledThread {
  readonly isMain: boolean;
  /**
   * ms by owner: a room of `src/`, a package, `node:http` and the like, `(garbage collector)`. Idle time is left out.
   */
  readonly msByOwner: ReadonlyMap<string, number>;
  /** ms of samples with a recording function on their stack. */
  readonly recordingMs: number;
}

/** The clock of the profiles, which all processes of the machine share. */
export function nowUs(): number {
  return Number(process.hrtime.bigint() / 1000n);
}

interface Frame {
  readonly id: number;
  readonly callFrame: { readonly functionName: string; readonly url: string };
  readonly children?: readonly number[];
}

interface Profile {
  /** µs of the machine's monotonic clock, the same as `process.hrtime`. */
  readonly startTime: number;
  readonly nodes: readonly Frame[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

/** Where sessions are counted, measured and kept: these rooms, and files of others that do nothing else. */
const RECORDING = /\/src\/(?:metrics|host|store)\/|\/src\/worker\/tally|\/src\/admission\/books|\/src\/server\/usage/;
/** Waiting, not working. */
const IDLE = '(idle)';

/** What was sampled within a window of `nowUs`, so that neither start nor end of the program counts. */
export function readProfiles(folder: string, window: ProfiledWindow): ProfiledThread[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.cpuprofile'))
    .map((name) => {
      const profile: Profile = JSON.parse(readFileSync(join(folder, name), 'utf8'));
      // `CPU.<date>.<time>.<pid>.<thread>.<sequence>.cpuprofile`; thread 0 is main.
      return readThread(profile, window, name.split('.')[4] === '0');
    });
}

function readThread(profile: Profile, { fromUs, toUs }: ProfiledWindow, isMain: boolean): ProfiledThread {
  const { nodes, samples, timeDeltas } = profile;
  const frames = new Map(nodes.map((frame) => [frame.id, frame]));
  const parents = new Map(nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id])));
  const msByOwner = new Map<string, number>();
  let recordingMs = 0;
  let atUs = profile.startTime;
  for (const [i, id] of samples.entries()) {
    atUs += timeDeltas[i] ?? 0;
    if (atUs < fromUs || atUs > toUs) continue;
    const stack = stackOf(id, frames, parents);
    if (stack[0]?.callFrame.functionName === IDLE) continue;
    // A delta is the time since the sample before, in µs. What is sampled lasts until the next sample.
    const ms = Math.max(0, timeDeltas[i + 1] ?? 0) / 1000;
    const owner = ownerOf(stack);
    msByOwner.set(owner, (msByOwner.get(owner) ?? 0) + ms);
    if (stack.some(({ callFrame }) => RECORDING.test(callFrame.url))) recordingMs += ms;
  }
  return { isMain, msByOwner, recordingMs };
}

/** From the leaf up. */
function stackOf(id: number, frames: ReadonlyMap<number, Frame>, parents: ReadonlyMap<number, number>): Frame[] {
  const stack: Frame[] = [];
  for (let at: number | undefined = id; at !== undefined; at = parents.get(at)) {
    const frame = frames.get(at);
    if (frame) stack.push(frame);
  }
  return stack;
}

function ownerOf(stack: readonly Frame[]): string {
  for (const { callFrame } of stack) {
    const [, room] = /\/dist\/src\/([^/]+?)(?:\.js|\/)/.exec(callFrame.url) ?? [];
    if (room) return `src/${room}`;
    const [, name] = /\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(callFrame.url) ?? [];
    if (name) return name;
  }
  const inNode = stack.map(({ callFrame }) => nodePart(callFrame.url)).find((part) => part !== '');
  return inNode ?? stack[0]?.callFrame.functionName ?? '';
}

/** `node:internal/streams/writable` is `node:streams`, `node:_http_server` is `node:http`. */
function nodePart(url: string): string {
  const [, part = ''] = /^node:(?:internal\/)?_?([a-z]+)/.exec(url) ?? [];
  return part === '' ? '' : `node:${part}`;
}
