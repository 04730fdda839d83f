/**
 * What an operator types and sets, and what the program answers and does.
 */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { deadline, until } from '../deadline.js';
import { PERIOD_MS, START_MS, startLife } from '../store/life.js';
import { type RunOptions, run, startProgram } from './program.js';

const test = suite('end-to-end/commands');
const END_MS = 20_000;
const folder = mkdtempSync(join(tmpdir(), 'headcount-test-commands-'));

test.after(() => rmSync(folder, { recursive: true, force: true }));

/** What it prints, and the code with which it ends by itself. */
async function ended(args: readonly string[], settings: RunOptions['settings'] = {}): Promise<[string, number | null]> {
  const { child, output, exit } = run({ settings: { METRICS_FILE: 'none', PORT: '0', ...settings }, args });
  try {
    return await deadline(
      exit.then((code) => [output(), code]),
      END_MS,
      `the end of ${args.join(' ')}`,
    );
  } finally {
    child.kill('SIGKILL');
  }
}

test('version and help are printed, an export has help of its own, and no other command is guessed', async () => {
  const { version }: { version: string } = JSON.parse(readFileSync('package.json', 'utf8'));
  assert.equal(await ended(['--version']), [`${version}\n`, 0]);
  const [help, helpCode] = await ended(['--help']);
  assert.is(helpCode, 0);
  assert.match(help, 'headcount history export');
  const [exportHelp, exportHelpCode] = await ended(['history', 'export', '--help']);
  assert.is(exportHelpCode, 0);
  for (const flag of ['--format', '--since', '--until']) assert.match(exportHelp, flag);
  const expected = 'headcount: history exprot is not a command; did you mean history export?\n';
  assert.equal(await ended(['history', 'exprot']), [expected, 1]);
});

test('an export has the rows that are asked for, with their dates for people', async () => {
  const path = join(folder, 'headcount.ring');
  const life = await startLife({ path });
  for (const runMs of [10, 20, 30]) {
    life.session(runMs);
    life.nextPeriod();
  }
  await life.history.close();
  const settings = { METRICS_FILE: path, TOKEN_FILE: join(folder, 'not-for-all') };
  const iso = (periods: number): string => new Date(START_MS + periods * PERIOD_MS).toISOString();
  const args = ['history', 'export', '--format=csv', '--since', iso(1), '--until', String(START_MS + 3 * PERIOD_MS)];
  const [csv, code] = await ended(args, settings);
  assert.is(code, 0, csv);
  const dates = csv
    .trimEnd()
    .split('\n')
    .map((line) => line.split(',')[0]);
  assert.equal(dates, ['isoDate', iso(1), iso(2)]);
  assert.equal(await ended(['history', 'export', '--since', '-2h'], settings), ['[]\n', 0]);
  assert.equal(await ended(['history', 'export', '--until', 'noon'], settings), [
    'headcount cannot export: --until is "noon", expected epoch ms, an ISO 8601 date, or a span such as -2h\n',
    1,
  ]);
});

test('what cannot be had stops the start with one message that names all of it', async () => {
  const plain = join(folder, 'plain');
  writeFileSync(plain, 'x');
  for (const path of [join(folder, 'missing'), plain, folder]) {
    assert.equal(await ended([], { CHROMIUM_PATH: path }), [
      `headcount cannot start:\n  CHROMIUM_PATH=${path} is not an executable file\n`,
      1,
    ]);
  }
  const [output, code] = await ended([], {
    TOKEN_FILE: join(folder, 'missing'),
    CHROMIUM_PATH: folder,
    SINGLE_RUN: 'true',
  });
  assert.is(code, 1);
  const [head, ...lines] = output.trimEnd().split('\n');
  assert.is(head, 'headcount cannot start:');
  assert.is(lines.length, 3, output);
  for (const name of ['TOKEN_FILE is "', 'SINGLE_RUN is set', 'CHROMIUM_PATH=']) {
    assert.ok(
      lines.some((line) => line.startsWith(`  ${name}`)),
      `${name}: ${output}`,
    );
  }
  const tmp = join(folder, 'no-tmp');
  const [last, tmpCode] = await ended([], { TMPDIR: tmp });
  assert.is(tmpCode, 1);
  assert.ok(last.endsWith(`headcount cannot start: TMPDIR is ${tmp}, which cannot be written: ENOENT\n`), last);
});

test('a token from a file, routes taken away, no slot: all of it holds, and names are warned about', async () => {
  const TOKEN_FILE = join(folder, 'token');
  writeFileSync(TOKEN_FILE, 'hunter2\n');
  const program = await startProgram({
    settings: {
      TOKEN_FILE,
      WORKERS: '1',
      MAX_CONCURRENT_SESSIONS: '0',
      QUEUED: '5',
      DISABLED_FEATURES: '["killEndpoint","metricsEndpoint"]',
      HEADCOUNT_TOKN: 'x',
      HEADCOUNT_SERVICE_HOST: '10.0.0.1',
      ALLOW_FILE_PROTOCOL: 'false',
      KEEP_ALIVE: 'sometimes',
    },
  });
  const ask = (path: string, init: RequestInit = {}): Promise<Response> =>
    fetch(program.url + path, { ...init, headers: { authorization: 'Bearer hunter2', 'content-type': 'text/html' } });
  const json = async (path: string) => JSON.parse(await (await ask(path)).text());
  try {
    assert.is((await fetch(`${program.url}/config`)).status, 401);
    const config = await json('/config');
    assert.equal([config.TOKEN, config.token, config.TOKEN_FILE], ['***', '***', TOKEN_FILE]);
    assert.equal([config.concurrent, config.maxConcurrentSessions, config.queued], [0, 0, 0]);
    for (const path of ['/kill/all', '/kill/x', '/metrics', '/metrics/total', '/events']) {
      assert.is((await ask(path)).status, 404, path);
    }
    assert.is((await ask('/prometheus')).status, 200);
    await until(async () => (await json('/health/ready')).reason === 'full', END_MS, 'it to be full');
    const startedAtMs = performance.now();
    const refused = await ask('/content', { method: 'POST', body: '<p>x</p>' });
    assert.equal([refused.status, refused.headers.has('retry-after')], [429, true]);
    assert.ok(performance.now() - startedAtMs < 10_000, 'at once, and not when it has waited for 30 s');
    const { pressure } = await json('/pressure');
    assert.equal(
      [pressure.reason, pressure.isAvailable, pressure.maxConcurrent, pressure.maxQueued],
      ['full', false, 0, 0],
    );
    const warnings = [...program.output().matchAll(/"level":40,[^\n]*"msg":"(HEADCOUNT_|KEEP_|ALLOW_)(\w+) is set/g)];
    assert.equal(
      warnings.map(([, before, after]) => `${before}${after}`),
      ['KEEP_ALIVE', 'HEADCOUNT_TOKN'],
    );
    assert.not.match(program.output(), 'hunter2');
  } finally {
    program.child.kill('SIGTERM');
  }
  assert.is(await deadline(program.exit, END_MS, 'its end'), 0);
});

test.run();
