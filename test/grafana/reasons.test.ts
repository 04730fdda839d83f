/**
 * Failures that the operator can mend are shown and alerted on apart from those of pages and clients. The two are told
 * apart by lists of reasons in queries, which have to be the same everywhere, or a panel contradicts its alert.
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { SESSION_FAILURE_REASONS } from '../../src/failures.js';
import { readRules } from './alert-rules.js';
import { queriesOf, readDashboards } from './dashboards.js';
import { type Matcher, selectorsOf } from './promql.js';

const OF_PAGES = ['navigation', 'step_timeout', 'bad_request', 'page_error', 'policy'];
const OF_OTHERS = ['client_closed', 'killed', ...OF_PAGES];
/** The panels that show every reason by its name. */
const BY_REASON = ['Failures of the server, by reason', 'Failures of pages and clients, by reason'];

const { alerts, recordings } = readRules();
const expressions = [
  ...readDashboards().flatMap(queriesOf),
  ...[...alerts, ...recordings].map(({ name, expr }) => ({ where: name, expr })),
];

const test = suite('grafana/reasons');

test('every query that leaves reasons out, or asks for some, has the same lists', () => {
  const lists = new Set(
    expressions.flatMap(({ expr }) => reasonsIn(expr).map(({ operator, value }) => operator + value)),
  );
  assert.equal([...lists].sort(), [`!~${OF_OTHERS.join('|')}`, `=~${OF_OTHERS.join('|')}`, `=~${OF_PAGES.join('|')}`]);
});

test('each reason is in one of the two panels, and only there', () => {
  const [ofServer, ofOthers] = BY_REASON.map((title) => {
    const found = expressions.find(({ where }) => where.includes(`panel '${title}'`));
    const [matcher] = reasonsIn(found?.expr ?? '');
    assert.ok(matcher, title);
    return SESSION_FAILURE_REASONS.filter((reason) => isMatched(reason, matcher));
  });
  assert.equal([...(ofServer ?? []), ...(ofOthers ?? [])].sort(), [...SESSION_FAILURE_REASONS].sort());
  assert.equal([...(ofOthers ?? [])].sort(), [...OF_OTHERS].sort());
});

test.run();

function reasonsIn(expr: string): Matcher[] {
  return selectorsOf(expr)
    .filter(({ metric }) => metric === 'headcount_session_failures_total')
    .flatMap(({ matchers }) => matchers.filter(({ label }) => label === 'reason'));
}

function isMatched(reason: string, { operator, value }: Matcher): boolean {
  return new RegExp(`^(?:${value})$`).test(reason) === (operator === '=~');
}
