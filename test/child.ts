/**
 * The process of one test file. It imports the file with uvu's queue deferred, runs the queue, and tells the runner on
 * file descriptor 3 what happened, one JSON line for each event. Lines are written synchronously, so a process that
 * ends in the middle has told all that came before.
 */

import { writeSync } from 'node:fs';
import { register } from 'node:module';
import { pathToFileURL } from 'node:url';
import type { Event } from './counted-uvu.js';

/** How long handles may take to close after the last test before they are named to the runner. */
const NAME_OPEN_HANDLES_MS = 1000;
const EVENTS_FD = 3;

// Runs in Node.js' loader thread, where only its own source and `data` are known.
const LOADER = `
let doors;
export async function initialize(data) { doors = data; }
export async function resolve(specifier, context, next) {
  const found = await next(specifier, context);
  if (found.url !== doors.uvu || context.parentURL === doors.counted) return found;
  return { ...found, url: doors.counted };
}`;

await main(process.argv[2] ?? '');

async function main(file: string): Promise<void> {
  // uvu reads both when it is first imported. Deferred, it runs nothing until `exec`, however long the file's own
  // imports take.
  Object.assign(globalThis, { UVU_DEFER: 1, UVU_QUEUE: [[null]] });
  const { closeBooks, exec, reportTo } = await import('./counted-uvu.js');
  reportTo(tell);
  register(`data:text/javascript,${encodeURIComponent(LOADER)}`, {
    data: { uvu: import.meta.resolve('uvu'), counted: new URL('./counted-uvu.js', import.meta.url).href },
  });
  await import(pathToFileURL(file).href);
  try {
    await exec();
  } catch (error) {
    // An `after` hook that throws stops uvu; what has not run yet is counted below.
    console.error('uvu stopped:', error);
    process.exitCode = 1;
  }
  closeBooks();
  tell(['done', '']);
  setTimeout(() => tell(['open', process.getActiveResourcesInfo().join(', ')]), NAME_OPEN_HANDLES_MS).unref();
}

function tell(event: Event): void {
  writeSync(EVENTS_FD, `${JSON.stringify(event)}\n`);
}
