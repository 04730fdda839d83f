/**
 * `npm run test:node`: all of `npm test` on each Node.js that the package supports. Each is fetched from npm (packages
 * `node@20` …, which bring a binary) into a folder that is removed again. Arguments are major versions. Ends with one
 * line, `N passed, N failed`, over all.
 */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const VERSIONS = ['20', '22', '24'];
const TOTALS = /^(\d+) passed, (\d+) failed$/gm;

async function main(): Promise<void> {
  const asked = process.argv.slice(2);
  const folder = mkdtempSync(join(tmpdir(), 'headcount-node-'));
  const sum = { passed: 0, failed: 0 };
  try {
    for (const version of asked.length > 0 ? asked : VERSIONS) {
      const { name, passed, failed } = await testOn(version, join(folder, version));
      process.stdout.write(`Node.js ${name}: ${passed} passed, ${failed} failed\n`);
      sum.passed += passed;
      sum.failed += failed;
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  process.stdout.write(`${sum.passed} passed, ${sum.failed} failed\n`);
  process.exit(sum.failed === 0 && sum.passed > 0 ? 0 : 1);
}

async function testOn(version: string, folder: string) {
  await run('npm', ['install', '--no-save', '--no-audit', '--no-fund', '--prefix', folder, `node@${version}`]);
  const bin = join(folder, 'node_modules', 'node', 'bin');
  // First in the path, so that all that the tests start runs on it too.
  const env = { ...process.env, PATH: `${bin}${delimiter}${process.env['PATH'] ?? ''}` };
  const name = (await run(join(bin, 'node'), ['--version'], { env })).trim();
  const runner = fileURLToPath(new URL('./run.js', import.meta.url));
  const text = await run(join(bin, 'node'), [runner], { env, isShown: true, mayFail: true });
  const [, passed, failed] = [...text.matchAll(TOTALS)].at(-1) ?? [];
  // A run without its last line has failed, whatever it has said before.
  if (passed === undefined || failed === undefined) return { name, passed: 0, failed: 1 };
  return { name, passed: Number(passed), failed: Number(failed) };
}

interface RunOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly isShown?: true;
  readonly mayFail?: true;
}

async function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
  const child = spawn(command, args, { env: options.env, stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
    if (options.isShown) process.stdout.write(chunk);
  });
  const [code] = await once(child, 'close');
  if (code !== 0 && !options.mayFail) throw new Error(`${command} ${args.join(' ')} ended with ${code}`);
  return text;
}

await main();
