/**
 * `npm test`: runs each test file in a process of its own, two at a time, and prints `N passed, N failed` last.
 * Arguments are substrings of file paths. A flag of the table below asks for files of another kind, and no others. A
 * file counts as failed when it reports nothing, ends early, leaves something open or is not compiled. So does an
 * argument that matches no file: zero tests are never a success. Tests that this machine cannot run are named.
 */

import { existsSync, readdirSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type FileReport, runFile } from './run-file.js';

/** Three times what the slowest file takes beside another. */
const FILE_TIMEOUT_MS = 180_000;
const TOTAL_TIMEOUT_MS = 290_000;
/** A file mostly waits for browsers and timers. More than two would wait for each other on two cores. */
const FILES_AT_ONCE = 2;
/** These take longest. If they began last, one of them would run on alone. */
const FIRST_FOLDER = 'end-to-end/';
const COMPILED_FOLDER = dirname(fileURLToPath(import.meta.url));

/** Of test files: how they are named, and how they are run. */
interface Kind {
  readonly suffix: string;
  readonly filesAtOnce?: number;
  readonly fileTimeoutMs?: number;
  readonly totalTimeoutMs?: number;
}

const PLAIN: Kind = { suffix: '.test.ts' };

/** A flag for each kind that needs more than a machine with Node.js. */
const FLAGS: Readonly<Record<string, Kind>> = {
  // Alone, because a scrape that takes longer than its second has failed.
  '--prometheus': { suffix: '.prometheus.ts', filesAtOnce: 1 },
  // Alone, because what they limit is counted for the user or the machine, and others beside them would lack it.
  '--faults': { suffix: '.faults.ts', filesAtOnce: 1, fileTimeoutMs: 300_000, totalTimeoutMs: 1_800_000 },
  // Alone, because clients' own browsers run beside the server's.
  '--clients': { suffix: '.clients.ts', filesAtOnce: 1, fileTimeoutMs: 300_000, totalTimeoutMs: 600_000 },
};

/** Of every kind of test file. */
export const TEST_SUFFIXES: readonly string[] = [PLAIN, ...Object.values(FLAGS)].map(({ suffix }) => suffix);

export interface RunOptions {
  /** Absolute paths of compiled test files. */
  readonly files: readonly string[];
  readonly cwd: string;
  readonly filesAtOnce?: number | undefined;
  readonly fileTimeoutMs?: number | undefined;
  readonly totalTimeoutMs?: number | undefined;
  /** How long a file may live after its last test. */
  readonly closeTimeoutMs?: number;
  /** Gets all that a file wrote, when the file has ended. */
  readonly write: (text: string) => void;
  /** Ends the running files with their children. Files that are left count as failed. */
  readonly signal?: AbortSignal;
}

/** Counts of tests. `failed` includes hooks and files that did not end well. */
export interface Ran {
  readonly passed: number;
  readonly failed: number;
  /** Tests that this machine cannot run. They count as neither. */
  readonly leftOut: number;
}

/** Starts `files` in order. Failures are told in that order too, whichever file ended first. */
export async function runFiles(options: RunOptions): Promise<Ran> {
  const { files, cwd, filesAtOnce = FILES_AT_ONCE, fileTimeoutMs = FILE_TIMEOUT_MS, signal, write } = options;
  const { totalTimeoutMs = TOTAL_TIMEOUT_MS } = options;
  const endMs = performance.now() + totalTimeoutMs;
  const reports: FileReport[] = [];

  const run = async (file: string): Promise<FileReport> => {
    const leftMs = endMs - performance.now();
    if (signal?.aborted) return notStarted('stopped');
    if (leftMs <= 0) return notStarted(`${totalTimeoutMs} ms are over`);
    const timeoutMs = Math.min(fileTimeoutMs, leftMs);
    const report = await runFile({ file, cwd, timeoutMs, closeTimeoutMs: options.closeTimeoutMs, signal });
    write(describe(relative(cwd, file), report));
    return report;
  };
  // One iterator for all lanes: each takes the next file that none has begun.
  const waiting = files.entries();
  const lane = async (): Promise<void> => {
    for (const [index, file] of waiting) reports[index] = await run(file);
  };
  await Promise.all(Array.from({ length: filesAtOnce }, lane));

  const failures = files.flatMap((file, index) =>
    (reports[index]?.failures ?? []).map((failure) => `${relative(cwd, file)}: ${failure}`),
  );
  if (files.length === 0) failures.push('no test file');
  const leftOut = reports.flatMap((report) => report.leftOut);
  for (const test of leftOut) write(`LEFT OUT ${test}\n`);
  for (const failure of failures) write(`FAILED ${failure}\n`);
  const passed = reports.reduce((sum, report) => sum + report.passed, 0);
  return { passed, failed: failures.length, leftOut: leftOut.length };
}

/**
 * The last lines, and the exit code. When all tests were left out that is no success, though none failed: whoever reads
 * only the exit code would think them tested.
 */
export function conclude({ passed, failed, leftOut }: Ran): { text: string; exitCode: 0 | 1 } {
  const isIdle = passed === 0 && failed === 0 && leftOut > 0;
  const text = `${isIdle ? 'nothing ran: every test was left out\n' : ''}${passed} passed, ${failed} failed\n`;
  return { text, exitCode: failed > 0 || passed === 0 ? 1 : 0 };
}

/**
 * The compiled files of those test sources of `folder` whose path holds one of `patterns`; all when there are none.
 * Sources decide, so that the output of a deleted test is not run. `unmatched` are the patterns without a file.
 */
export function findFiles(
  folder: string,
  compiledFolder: string,
  patterns: readonly string[],
  suffix = PLAIN.suffix,
): { files: string[]; unmatched: string[] } {
  const paths = existsSync(folder) ? readdirSync(folder, { recursive: true, encoding: 'utf8' }) : [];
  const isFirst = (path: string): boolean => path.startsWith(FIRST_FOLDER);
  const sorted = paths.filter((path) => path.endsWith(suffix)).sort();
  const sources = [...sorted.filter(isFirst), ...sorted.filter((path) => !isFirst(path))];
  const isWanted = (path: string): boolean =>
    patterns.length === 0 || patterns.some((pattern) => join('test', path).includes(pattern));
  return {
    files: sources.filter(isWanted).map((path) => join(compiledFolder, path.replace(/\.ts$/, '.js'))),
    unmatched: patterns.filter((pattern) => !sources.some((path) => join('test', path).includes(pattern))),
  };
}

function describe(name: string, report: FileReport): string {
  const leftOut = report.leftOut.length > 0 ? `, ${report.leftOut.length} left out` : '';
  const line = `${report.passed} passed${leftOut}, ${Math.round(report.durationMs)} ms`;
  if (report.failures.length === 0) return `ok      ${name}: ${line}\n`;
  const output = report.output.trimEnd().replaceAll(/^/gm, '      | ');
  return `not ok  ${name}: ${line}, ${report.failures.length} failed\n${output}\n`;
}

function notStarted(why: string): FileReport {
  return { passed: 0, failures: [`not started, ${why}`], leftOut: [], output: '', durationMs: 0 };
}

async function main(args: readonly string[]): Promise<void> {
  const flag = args.find((arg) => Object.hasOwn(FLAGS, arg));
  const { suffix, ...limits } = FLAGS[flag ?? ''] ?? PLAIN;
  const patterns = args.filter((arg) => arg !== flag);
  const stop = new AbortController();
  // Test processes lead groups of their own, so that a terminal's Ctrl-C reaches only this one.
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(name, () => stop.abort());
  const write = (text: string): void => {
    process.stdout.write(text);
  };

  const { files, unmatched } = findFiles(join(process.cwd(), 'test'), COMPILED_FOLDER, patterns, suffix);
  for (const pattern of unmatched) write(`FAILED no test file matches '${pattern}'\n`);
  const isNothing = files.length === 0 && unmatched.length > 0;
  const ran = isNothing
    ? { passed: 0, failed: 0, leftOut: 0 }
    : await runFiles({ files, cwd: process.cwd(), write, signal: stop.signal, ...limits });
  const { text, exitCode } = conclude({ ...ran, failed: ran.failed + unmatched.length });
  write(text);
  process.exitCode = exitCode;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main(process.argv.slice(2));
