/**
 * `npm test`: runs each test file in a process of its own, one after another, and prints `N passed, N failed` last.
 * Arguments are substrings of file paths; with `--prometheus` it runs the tests that need one, and no others. A file
 * that reports nothing, ends early, leaves something open or is not compiled counts as failed, and so does an argument
 * that matches no file: zero tests are never a success.
 */

import { existsSync, readdirSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type FileReport, runFile } from './run-file.js';

const FILE_TIMEOUT_MS = 120_000;
const TOTAL_TIMEOUT_MS = 290_000;
const TEST_SUFFIX = '.test.ts';
/** Tests that need a real Prometheus, which a machine with nothing but Node.js lacks. */
const PROMETHEUS_SUFFIX = '.prometheus.ts';
const PROMETHEUS_FLAG = '--prometheus';
const COMPILED_FOLDER = dirname(fileURLToPath(import.meta.url));

export interface RunOptions {
  /** Absolute paths of compiled test files. */
  readonly files: readonly string[];
  readonly cwd: string;
  readonly fileTimeoutMs?: number;
  readonly totalTimeoutMs?: number;
  /** How long a file may live after its last test. */
  readonly closeTimeoutMs?: number;
  readonly write: (text: string) => void;
  /** Ends the running file with its children; what is left counts as failed. */
  readonly signal?: AbortSignal;
}

/** Runs `files` in order; `failed` counts tests, hooks, and files that did not end well. */
export async function runFiles(options: RunOptions): Promise<{ passed: number; failed: number }> {
  const { files, cwd, fileTimeoutMs = FILE_TIMEOUT_MS, totalTimeoutMs = TOTAL_TIMEOUT_MS, write } = options;
  const endMs = performance.now() + totalTimeoutMs;
  let passed = 0;
  const failures: string[] = [];
  if (files.length === 0) failures.push('no test file');

  for (const file of files) {
    const name = relative(cwd, file);
    const leftMs = endMs - performance.now();
    if (leftMs <= 0 || options.signal?.aborted) {
      failures.push(`${name}: not started, ${options.signal?.aborted ? 'stopped' : `${totalTimeoutMs} ms are over`}`);
      continue;
    }
    const report = await runFile({
      file,
      cwd,
      timeoutMs: Math.min(fileTimeoutMs, leftMs),
      closeTimeoutMs: options.closeTimeoutMs,
      signal: options.signal,
    });
    passed += report.passed;
    failures.push(...report.failures.map((failure) => `${name}: ${failure}`));
    write(describe(name, report));
  }

  for (const failure of failures) write(`FAILED ${failure}\n`);
  return { passed, failed: failures.length };
}

/**
 * The compiled files of `folder`'s test sources whose path holds one of `patterns`, all when there are none. Sources
 * decide, so that the output of a deleted test is not run. `unmatched` are the patterns without a file.
 */
export function findFiles(
  folder: string,
  compiledFolder: string,
  patterns: readonly string[],
  suffix = TEST_SUFFIX,
): { files: string[]; unmatched: string[] } {
  const paths = existsSync(folder) ? readdirSync(folder, { recursive: true, encoding: 'utf8' }) : [];
  const sources = paths.filter((path) => path.endsWith(suffix)).sort();
  const isWanted = (path: string): boolean =>
    patterns.length === 0 || patterns.some((pattern) => join('test', path).includes(pattern));
  return {
    files: sources.filter(isWanted).map((path) => join(compiledFolder, path.replace(/\.ts$/, '.js'))),
    unmatched: patterns.filter((pattern) => !sources.some((path) => join('test', path).includes(pattern))),
  };
}

function describe(name: string, report: FileReport): string {
  const line = `${report.passed} passed, ${Math.round(report.durationMs)} ms`;
  if (report.failures.length === 0) return `ok      ${name}: ${line}\n`;
  const output = report.output.trimEnd().replaceAll(/^/gm, '      | ');
  return `not ok  ${name}: ${line}, ${report.failures.length} failed\n${output}\n`;
}

async function main(args: readonly string[]): Promise<void> {
  const suffix = args.includes(PROMETHEUS_FLAG) ? PROMETHEUS_SUFFIX : TEST_SUFFIX;
  const patterns = args.filter((arg) => arg !== PROMETHEUS_FLAG);
  const stop = new AbortController();
  // Test processes lead groups of their own, so that a terminal's Ctrl-C reaches only this one.
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(name, () => stop.abort());
  const write = (text: string): void => {
    process.stdout.write(text);
  };

  const { files, unmatched } = findFiles(join(process.cwd(), 'test'), COMPILED_FOLDER, patterns, suffix);
  for (const pattern of unmatched) write(`FAILED no test file matches '${pattern}'\n`);
  const ran =
    files.length === 0 && unmatched.length > 0
      ? { passed: 0, failed: 0 }
      : await runFiles({ files, cwd: process.cwd(), write, signal: stop.signal });
  const failed = ran.failed + unmatched.length;
  write(`${ran.passed} passed, ${failed} failed\n`);
  process.exitCode = failed > 0 || ran.passed === 0 ? 1 : 0;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main(process.argv.slice(2));
