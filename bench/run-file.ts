/**
 * One benchmark as a process: imports the given file, runs it, and sends the report to its parent.
 */

import { pathToFileURL } from 'node:url';
import type { BenchReport, Run } from './row.js';

const [, , file = ''] = process.argv;
const loaded: unknown = await import(pathToFileURL(file).href);
if (!isBench(loaded)) throw new Error(`${file} exports no run()`);
const found = await loaded.run();
const report: BenchReport = 'rows' in found ? found : { rows: found, tables: [] };
process.send?.(report, () => process.disconnect());

function isBench(module: unknown): module is { run: Run } {
  return typeof module === 'object' && module !== null && 'run' in module && typeof module.run === 'function';
}
