/**
 * `npm run bench`: runs the benchmarks, all or those whose path contains an argument, and prints one table of what is
 * claimed, what was measured, and whether the target is met. `--json FILE` writes the same as JSON.
 */

import { readdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { BenchRow } from './row.js';

/** Folders of `bench/` in which every file is a benchmark, but those that run in a thread of one. */
const FOLDERS = ['metrics', 'load'];
const THREAD = /-thread\.js$/;

const HERE = fileURLToPath(new URL('.', import.meta.url));

await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<void> {
  const { patterns, jsonFile } = readArguments(args);
  const files = FOLDERS.flatMap(filesOf).filter(
    (file) => patterns.length === 0 || patterns.some((pattern) => join('bench', file).includes(pattern)),
  );
  if (files.length === 0) throw new Error(`no benchmark matches '${patterns.join(' ')}'`);
  const rows: BenchRow[] = [];
  for (const file of files) rows.push(...(await runFile(file)));
  const machine = `Node.js ${process.version}, ${cpus()[0]?.model ?? 'unknown CPU'} × ${cpus().length}`;
  process.stdout.write(`${table(rows)}\n${machine}\n`);
  if (jsonFile !== null) writeFileSync(jsonFile, `${JSON.stringify({ machine, rows }, null, 2)}\n`);
  if (rows.some(({ isMet }) => isMet === false)) process.exitCode = 1;
}

function readArguments(args: readonly string[]): { patterns: string[]; jsonFile: string | null } {
  const at = args.indexOf('--json');
  if (at === -1) return { patterns: [...args], jsonFile: null };
  const jsonFile = args[at + 1];
  if (jsonFile === undefined) throw new Error('--json needs a file');
  return { patterns: args.filter((_, i) => i !== at && i !== at + 1), jsonFile };
}

function filesOf(folder: string): string[] {
  try {
    const names = readdirSync(join(HERE, folder)).filter((name) => name.endsWith('.js') && !THREAD.test(name));
    return names.sort().map((name) => join(folder, name));
  } catch {
    // Not every folder is there.
    return [];
  }
}

async function runFile(file: string): Promise<BenchRow[]> {
  const loaded: unknown = await import(pathToFileURL(join(HERE, file)).href);
  if (!isBench(loaded)) throw new Error(`${file} exports no run()`);
  process.stderr.write(`${file}\n`);
  return loaded.run();
}

function isBench(loaded: unknown): loaded is { run: () => Promise<BenchRow[]> } {
  return typeof loaded === 'object' && loaded !== null && 'run' in loaded && typeof loaded.run === 'function';
}

function table(rows: readonly BenchRow[]): string {
  const lines = [
    ['claim', 'ours', 'compared with', '', 'ratio', 'target', 'met'],
    ...rows.map(({ claim, ours, compared, ratio, target, isMet }) => [
      claim,
      shown(ours),
      compared?.with ?? '',
      compared ? shown(compared.value) : '',
      ratio === null ? '' : `${shown(ratio)} ×`,
      target ?? '',
      isMet === null ? '' : isMet ? 'yes' : 'NO',
    ]),
  ];
  const widths = (lines[0] ?? []).map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  return lines
    .map((line) =>
      line
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** Three digits that count, with the thousands set apart. */
function shown(value: number): string {
  return value.toLocaleString('en-US', { maximumSignificantDigits: 3 });
}
