/**
 * What the commands of the pages should do. The first table has those that a test runs. The second has those that no
 * test can run, each with the reason, and with what can be checked all the same.
 */

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { parse } from 'yaml';
import { SETTINGS } from '../../src/config/settings.js';
import { FIELDS } from '../../src/metrics/fields.js';
import type { Ran } from './workspace.js';

export interface Check {
  readonly command: RegExp;
  readonly tools?: readonly string[];
  /** `folder` is where it was run. */
  readonly check: (ran: Ran, folder: string) => void;
}

const PNG = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const DEFAULT_VIEWPORT = [800, 600];

function answered(type: string, { status, type: own, stderr }: Ran): void {
  assert.is(status, 200, stderr);
  assert.match(own, new RegExp(`^${type}`));
}

/** Its JSON. */
function json({ stdout, ...ran }: Ran) {
  answered('application/json', { stdout, ...ran });
  return JSON.parse(stdout);
}

function checkRows(rows: Record<string, unknown>[], leftOut: readonly string[]): void {
  assert.ok(rows.length > 0);
  const expected = FIELDS.map(({ name }): string => name).filter((name) => !leftOut.includes(name));
  for (const row of rows) assert.equal(Object.keys(row), expected);
}

/** Whether it is available depends on what else the machine does. */
function checkPressure(ran: Ran): void {
  const { pressure } = json(ran);
  const { running, queued, maxConcurrent, maxQueued } = pressure;
  assert.equal([running, queued, maxConcurrent, maxQueued], [0, 0, 10, 10]);
  assert.type(pressure.isAvailable, 'boolean');
}

export const RUN: readonly Check[] = [
  {
    command: /^curl \S+\/screenshot .*-o page\.png$/,
    check(ran, folder) {
      answered('image/png', ran);
      const picture = readFileSync(join(folder, 'page.png'));
      assert.equal(picture.subarray(0, PNG.length), PNG);
      assert.equal([picture.readUInt32BE(16), picture.readUInt32BE(20)], DEFAULT_VIEWPORT);
    },
  },
  {
    command: /^curl \S+\/pdf .*-o page\.pdf$/,
    check(ran, folder) {
      answered('application/pdf', ran);
      assert.is(readFileSync(join(folder, 'page.pdf')).toString('latin1', 0, 5), '%PDF-');
    },
  },
  {
    command: /^curl \S+\/content .*-d '<h1>Hello<\/h1>'$/,
    check(ran) {
      answered('text/html', ran);
      assert.match(ran.stdout, /^<html>.*<h1>Hello<\/h1>/s);
    },
  },
  {
    command: /^curl \S+\/metrics\?last=1'$/,
    check(ran) {
      const rows = json(ran);
      checkRows(rows, []);
      assert.is(rows.length, 1);
    },
  },
  {
    command: /^curl \S+\/metrics\?since=-2h&sessionTimes=false'$/,
    check(ran) {
      const rows = json(ran);
      checkRows(rows, ['sessionTimes']);
      assert.ok(rows.length > 1);
    },
  },
  {
    command: /^curl \S+\/metrics\/all$/,
    check(ran) {
      const totals = json(ran);
      for (const { name, inTotals } of FIELDS) assert.is(name in totals, inTotals, name);
      assert.ok(totals.successful >= 1 && totals.error >= 1);
    },
  },
  {
    command: /^curl \S+\/failures\?last=5'$/,
    check(ran) {
      const [failure] = json(ran);
      const keys = ['id', 'kind', 'trackingId', 'code', 'message', 'reason', 'host', 'status', 'client', 'when'];
      assert.equal(Object.keys(failure).sort(), keys.sort());
    },
  },
  { command: /^curl \S+\/sessions$/, check: (ran) => assert.equal(json(ran), []) },
  { command: /^curl \S+\/health\/ready$/, check: (ran) => assert.equal(json(ran), { status: 'ok' }) },
  { command: /^curl \S+\/pressure$/, check: checkPressure },
  {
    command: /^curl .*\/meta\b/,
    check: (ran) => assert.ok('headcount' in json(ran) && 'chromium' in json(ran)),
  },
  {
    command: /^node dist\/src\/main\.js history export --format csv > week\.csv$/,
    check({ code, stderr }, folder) {
      assert.is(code, 0, stderr);
      const [head = '', ...rows] = readFileSync(join(folder, 'week.csv'), 'utf8').trimEnd().split('\n');
      assert.match(head, /^isoDate,date,successful,/);
      assert.ok(rows.length > 0);
    },
  },
  {
    command: /^node dist\/src\/main\.js history export --format openmetrics > week\.om$/,
    check({ code, stderr }, folder) {
      assert.is(code, 0, stderr);
      assert.match(readFileSync(join(folder, 'week.om'), 'utf8'), /^# .*headcount_history_[\s\S]*# EOF\n$/);
    },
  },
  {
    command: /^promtool tsdb create-blocks-from openmetrics week\.om data\/$/,
    tools: ['promtool'],
    check({ code, stderr, stdout }, folder) {
      assert.is(code, 0, stderr + stdout);
      assert.ok(existsSync(join(folder, 'data')));
    },
  },
  {
    command: /^npm pack$/,
    check({ code, stderr }, folder) {
      assert.is(code, 0, stderr);
      const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
      assert.ok(existsSync(join(folder, `headcount-${version}.tgz`)));
    },
  },
];

export interface NotRun {
  readonly command: RegExp;
  readonly why: string;
  /** What can be checked without running it. */
  readonly check: (command: string) => void;
}

const dockerfile = readFileSync('Dockerfile', 'utf8');
const scripts: Readonly<Record<string, string>> = JSON.parse(readFileSync('package.json', 'utf8')).scripts;
const settingNames = Object.values(SETTINGS).flatMap(({ names }): readonly string[] => names);

export const NOT_RUN: readonly NotRun[] = [
  {
    command: /^npm ci$/,
    why: 'it installs what the tests run with; CI begins with it',
    check: () => assert.ok(existsSync('package-lock.json')),
  },
  {
    command: /^npm (run \S+|test)\b/,
    why: 'a test that runs all tests would not end, and a bench beside tests measures them',
    check(command) {
      const [, name = 'test', rest = ''] = /^npm (?:run (\S+)|test)(?: -- (.*?))?\s*(?:#.*)?$/.exec(command) ?? [];
      assert.ok(name in scripts, name);
      const runner = readFileSync('bench/run.ts', 'utf8');
      const files = readFileSync('bench/README.md', 'utf8');
      for (const word of rest.split(' ').filter((one) => one !== '')) {
        const isKnown = word.startsWith('--') ? runner.includes(`'${word}'`) : files.includes(`/${word}\``);
        assert.ok(isKnown, `${command}: ${word}`);
      }
    },
  },
  {
    command: /^docker build /,
    why: 'no container engine',
    check(command) {
      assert.match(command, / -t headcount \.$/);
      assert.match(dockerfile, /^FROM /m);
    },
  },
  {
    command: /^docker run /,
    why: 'no container engine',
    check(command) {
      const [, port] = / -p 127\.0\.0\.1:\d+:(\d+) .*headcount$/.exec(command) ?? [];
      assert.match(dockerfile, new RegExp(`^EXPOSE ${port}$`, 'm'));
      for (const [, name = ''] of command.matchAll(/ -e (\w+)=/g)) assert.ok(settingNames.includes(name), name);
    },
  },
  {
    command: /^TOKEN=\S.* docker compose up --build$/,
    why: 'no container engine',
    check() {
      // What it needs of the environment; test/grafana/containers.test.ts has the rest.
      const text = readFileSync('compose.yaml', 'utf8');
      assert.equal(
        [...text.matchAll(/\$\{(\w+):\?/g)].map(([, name]) => name),
        ['TOKEN'],
      );
      assert.is(parse(text).services.headcount.build, '.');
    },
  },
];

/** Blocks of other languages that are tried elsewhere, or by nobody. */
export const OTHER_BLOCKS: Readonly<Record<string, string>> = {
  nginx: 'test/faults/proxies.faults.ts runs it',
  haproxy: 'test/faults/proxies.faults.ts runs it',
  caddyfile: 'Debian has no Caddy that it could be tried with; the page says that it was not',
  '': 'drawings',
};
