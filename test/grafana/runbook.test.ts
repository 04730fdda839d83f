/**
 * All that the runbook tells people to look at exists: settings, codes, routes, label values, keys and words of the
 * log.
 */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { SETTINGS } from '../../src/config/settings.js';
import { FAILURES, REJECTION_REASONS, SESSION_FAILURE_REASONS } from '../../src/failures.js';
import { pathsOf, ROUTES } from '../../src/http/interface.js';
import { FAMILIES } from '../../src/metrics/families.js';
import { BROWSER_EXIT_REASONS, LAUNCH_FAILURE_REASONS, WORKER_EXIT_REASONS } from '../../src/protocol/names.js';
import { labelDomains } from '../../src/server/domains.js';

const test = suite('grafana/runbook');

/** Names of the system, Node.js, Docker and Prometheus, which are not ours to check. */
const THEIRS = new RegExp(
  `^(${[
    ...['curl', 'df', 'dmesg', 'docker', 'ss', 'ulimit', '--ulimit', 'pids\\.max', '/dev/shm', '/proc/self', 'EMFILE'],
    ...[
      'EAGAIN',
      'ERR_WORKER_INIT_FAILED',
      'OOMKilled',
      'credentials_file',
      'scrape_configs',
      'chromium-headless-shell',
    ],
  ].join('|')})(?![\\w-])`,
);

const GONE = ['NO_SUCH_SETTING', '/nowhere', 'words that nobody logs', '"reason":"no_such_reason"', 'no_such_key'];

const runbook = readFileSync('grafana/README.md', 'utf8').split('## Runbook')[1] ?? '';
const sources = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts'))
  .map((path) => readFileSync(join('src', path), 'utf8'))
  .join('\n');
const paths = pathsOf(ROUTES, { apiGet: true, testSessions: false });
const settings = new Set(Object.values(SETTINGS).flatMap(({ names }) => [...names]));
const versions = { headcount: '', node: '', playwright: '', chromium: '' };
const domains = labelDomains({ workers: 1, kinds: ['content'], routes: paths, versions });
const values = new Set(Object.values(domains).flat());

function isThere(code: string): boolean {
  if (THEIRS.test(code)) return true;
  if (settings.has(code) || Object.hasOwn(FAILURES, code)) return true;
  if (values.has(code) || FAMILIES.some(({ name }) => name === code)) return true;
  if (code.startsWith('/')) return paths.includes(code.replace(/\?.*/, '').replace('<id>', ':id'));
  // Part of a query.
  if (code.startsWith('?')) return true;
  const [, key, value] = /^"(\w+)":"(\w+)"$/.exec(code) ?? [];
  if (key !== undefined) return new RegExp(`\\b${key}\\b`).test(sources) && isThere(value ?? '');
  // A key of a log line or an answer, or the words of one.
  return /^\w+$/.test(code) ? new RegExp(`\\b${code}\\b`).test(sources) : sources.includes(code);
}

test('everything that it names in code exists', () => {
  const codes = [...runbook.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code.replace(/\s+/g, ' '));
  assert.ok(codes.length > 50);
  assert.equal(
    codes.filter((code) => !isThere(code)),
    [],
  );
  for (const gone of GONE) {
    assert.not.ok(isThere(gone), gone);
  }
});

test('every reason for which sessions fail, or threads and browsers end, is explained', () => {
  const reasons = [
    ...SESSION_FAILURE_REASONS,
    ...REJECTION_REASONS,
    ...BROWSER_EXIT_REASONS,
    ...WORKER_EXIT_REASONS,
    ...LAUNCH_FAILURE_REASONS,
  ];
  // Reasons that the operator or the session itself causes, or that belong to a kind of session that does not exist
  // yet.
  const harmless = [
    'client_closed',
    'shutdown',
    'session_end',
    'recycled',
    'abandoned',
    'draining',
    'deadline',
    'policy',
  ];
  const unexplained = reasons.filter((reason) => !runbook.includes(`\`${reason}\``) && !harmless.includes(reason));
  assert.equal([...new Set(unexplained)], []);
});

test.run();
