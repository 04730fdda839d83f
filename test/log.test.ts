/**
 * A log that cannot be written ends nobody.
 */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { deadline } from './deadline.js';

const test = suite('log');
const LOG = new URL('../src/log.js', import.meta.url).href;

/** Logs a lot, with turns of the loop between, and says on stderr when it is done. */
const SCRIPT = `
import { createLog } from ${JSON.stringify(LOG)};
const log = createLog({ level: 'info', isTerminal: false });
for (let i = 0; i < 3000; i++) {
  log.info({ i, filling: 'x'.repeat(1000) }, 'a line');
  if (i % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
}
process.stderr.write('at its end, ' + (process.memoryUsage().heapUsed < 60e6 ? 'small' : 'large'));
`;

async function run(stdout: number | 'pipe'): Promise<{ readonly code: unknown; readonly said: string }> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', SCRIPT], { stdio: ['ignore', stdout, 'pipe'] });
  let said = '';
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => (said += chunk));
  // The reader leaves after the first line, as `head -1` does.
  child.stdout?.once('data', () => child.stdout?.destroy());
  const [code] = await deadline(once(child, 'close'), 20_000, 'the end');
  return { code, said };
}

test('a full disk ends nobody, and what cannot be written is not kept without end', async () => {
  const full = openSync('/dev/full', 'w');
  try {
    assert.equal(await run(full), { code: 0, said: 'at its end, small' });
  } finally {
    closeSync(full);
  }
});

test('a reader that leaves ends nobody', async () => {
  assert.equal(await run('pipe'), { code: 0, said: 'at its end, small' });
});

test.run();
