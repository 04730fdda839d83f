/**
 * Little test files for the tests of the runner: written into a folder, and run as real files are.
 */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Ran, type RunOptions, runFiles } from './run.js';

export const WAIT_MS = 10_000;

/**
 * A file for each of `bodies`: lines after the import of `suite`, with `test` as the suite. The files and their suites
 * are called `case`, `case-1`, `case-2`. `text` is all that was written, and then what the runner found.
 */
export async function runBodies(
  folder: string,
  bodies: readonly string[],
  options: Partial<RunOptions> = {},
): Promise<Ran & { text: string }> {
  const imports = ['uvu', 'uvu/assert'].map((name) => JSON.stringify(import.meta.resolve(name)));
  const head = `import { suite } from ${imports[0]}; import * as assert from ${imports[1]}; void assert;`;
  const files = bodies.map((body, index) => {
    const name = index === 0 ? 'case' : `case-${index}`;
    const file = join(folder, `${name}.test.mjs`);
    writeFileSync(file, `${head}\nconst test = suite('${name}');\n${body}\n`);
    return file;
  });
  let text = '';
  const ran = await runFiles({
    files,
    cwd: folder,
    fileTimeoutMs: WAIT_MS,
    totalTimeoutMs: 2 * WAIT_MS,
    closeTimeoutMs: 1200,
    write: (more) => {
      text += more;
    },
    ...options,
  });
  return { ...ran, text };
}
