/**
 * `npm run bench`: runs all benchmarks, or those whose path contains an argument, each in a process of its own. Prints
 * one table of what is claimed, what was measured, and whether the target is met or could not be judged. The same goes
 * as JSON into `bench-results.json`, or `--json FILE`; with `--readme` also into `bench/README.md`.
 *
 * `--quick` takes fewer rounds, for a look. `--full` runs the whole matrix of sessions. `--long` runs only what takes
 * longer than all the others together (`npm run bench:week`).
 */

import { fork } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { judge, lookAtOthers } from './judge.js';
import { asMarkdown, asText, resultTable, shortTables } from './print.js';
import { startProgress } from './progress.js';
import type { BenchReport, DetailTable, JudgedRow } from './row.js';

/** Folders of `bench/` in which every file is a benchmark, except files that run in a benchmark's thread. */
const FOLDERS = ['metrics', 'admission', 'load'];
const LONG_FOLDERS = ['long'];
const BENCH = /(?<!-thread)\.ts$/;
const FLAGS = ['--quick', '--full', '--long', '--readme'];
const README = 'bench/README.md';
const MARKS = ['<!-- results -->\n', '\n<!-- /results -->'] as const;
const SHORT_MARKS = ['<!-- short -->\n', '\n<!-- /short -->'] as const;
const LONG_MARKS = ['<!-- long results -->\n', '\n<!-- /long results -->'] as const;

const HERE = fileURLToPath(new URL('.', import.meta.url));

await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<void> {
  const { patterns, flags, jsonFile } = readArguments(args);
  const isLong = flags.includes('--long');
  const files = (isLong ? LONG_FOLDERS : FOLDERS)
    .flatMap(filesOf)
    .filter((file) => patterns.length === 0 || patterns.some((pattern) => join('bench', file).includes(pattern)));
  if (files.length === 0) throw new Error(`no benchmark matches '${patterns.join(' ')}'`);
  const progress = startProgress(files.length);
  const rows: JudgedRow[] = [];
  const tables: DetailTable[] = [];
  let others = await lookAtOthers();
  for (const file of files) {
    progress.begin(file);
    const report = await runFile(file, flags).catch((error: unknown) => failed(file, error));
    const before = others;
    others = await lookAtOthers();
    rows.push(...report.rows.map((row) => ({ ...row, verdict: judge(row, Math.max(before, others)) })));
    tables.push(...report.tables);
  }
  const seconds = progress.end();
  const how = ['npm run bench', ...(args.length > 0 ? ['--', ...args] : [])].join(' ');
  const cpu = `${cpus()[0]?.model ?? 'unknown CPU'} × ${cpus().length}`;
  const machine = `Node.js ${process.version}, ${cpu}, \`${how}\`, ${seconds} s`;
  process.stdout.write(`${[...tables, resultTable(rows)].map(asText).join('\n\n')}\n\n${machine}\n`);
  writeFileSync(jsonFile, `${JSON.stringify({ machine, rows, tables }, null, 2)}\n`);
  const parts = [machine, asMarkdown(resultTable(rows)), ...tables.map(asMarkdown)];
  if (flags.includes('--readme')) {
    writeReadme(parts, isLong ? LONG_MARKS : MARKS);
    if (!isLong) writeReadme(shortTables(tables, rows).map(asMarkdown), SHORT_MARKS);
  }
  if (rows.some(({ verdict }) => verdict === 'NO')) process.exitCode = 1;
}

function readArguments(args: readonly string[]): { patterns: string[]; flags: string[]; jsonFile: string } {
  const at = args.indexOf('--json');
  const jsonFile = at === -1 ? 'bench-results.json' : args[at + 1];
  if (jsonFile === undefined) throw new Error('--json needs a file');
  const others = args.filter((_, i) => at === -1 || (i !== at && i !== at + 1));
  const flags = others.filter((arg) => arg.startsWith('--'));
  const unknown = flags.find((flag) => !FLAGS.includes(flag));
  if (unknown) throw new Error(`${unknown} is not one of ${FLAGS.join(', ')}, --json`);
  return { patterns: others.filter((arg) => !arg.startsWith('--')), flags, jsonFile };
}

function filesOf(folder: string): string[] {
  // By the sources, because the output of a deleted file stays in `dist/`.
  const names = readdirSync(join(HERE, '../../bench', folder)).filter((name) => BENCH.test(name));
  return names.sort().map((name) => join(folder, name.replace(/\.ts$/, '.js')));
}

/** In a process of its own: what one benchmark leaves in the heap or in the compiler must not matter to the next. */
async function runFile(file: string, flags: readonly string[]): Promise<BenchReport> {
  const child = fork(join(HERE, 'run-file.js'), [join(HERE, file), ...flags]);
  return await new Promise((resolve, reject) => {
    let report: BenchReport | null = null;
    child.once('message', (message: BenchReport) => {
      report = message;
    });
    child.once('error', reject);
    child.once('exit', (code) => (report ? resolve(report) : reject(new Error(`ended with ${code}`))));
  });
}

/** A benchmark that breaks is a line that is not met. The others run all the same. */
function failed(file: string, error: unknown): BenchReport {
  const claim = `${file}: ${error instanceof Error ? error.message : String(error)}`;
  const missed = { compared: null, ratio: null, target: 'to be measured', isMet: false, isCount: true };
  return { rows: [{ claim, ours: Number.NaN, ...missed }], tables: [] };
}

function writeReadme(parts: readonly string[], marks: readonly [string, string]): void {
  const text = readFileSync(README, 'utf8');
  const [from, to] = marks.map((mark) => text.indexOf(mark));
  if (from === undefined || to === undefined || from === -1 || to === -1) {
    throw new Error(`${README} has no marks for the results`);
  }
  writeFileSync(README, `${text.slice(0, from + marks[0].length)}${parts.join('\n\n')}${text.slice(to)}`);
}
