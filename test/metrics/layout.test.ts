/**
 * Every labelset has words of its own, and the table keeps Prometheus's rules of naming.
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { FAMILIES, type FamilyName } from '../../src/metrics/families.js';
import { COLLECTORS, DOMAINS as DOMAIN_NAMES, type Family } from '../../src/metrics/family.js';
import { createLayout } from '../../src/metrics/layout.js';
import { NETWORK_ERRORS } from '../../src/protocol/names.js';
import { DOMAINS } from './domains.js';

const layout = createLayout(DOMAINS);
const families: readonly Family[] = FAMILIES;

const test = suite('metrics/layout');

test('the words of all series follow each other without a gap', () => {
  let next = 0;
  for (const { series, width } of layout.families) {
    for (const { cell } of series) {
      assert.is(cell, next);
      next += width;
    }
  }
  assert.is(layout.size, next);
});

test('cellOf finds every series', () => {
  for (const { family, series } of layout.families) {
    const name = family.name as FamilyName;
    for (const { cell, labels } of series) assert.is(layout.cellOf(name, ...Object.values(labels)), cell);
  }
});

test('the same domains give the same layout on another thread', () => {
  const other = createLayout(structuredClone(DOMAINS));
  assert.equal(other.families, layout.families);
  assert.is(other.size, layout.size);
});

test('a labelset that is not listed is refused', () => {
  assert.throws(() => layout.cellOf('headcount_sessions_total', 'dance'), /no labelset dance/);
  assert.throws(() => layout.cellOf('headcount_sessions_total'), /has the labels kind/);
  assert.throws(() => layout.cellOf('headcount_sessions_total', 'pdf', 'pdf'), /has the labels kind/);
  assert.throws(() => layout.cellOf('headcount_session_failures_total', 'error', 'pdf'), /no labelset/);
});

test('names are unique and say what they are', () => {
  assert.is(new Set(families.map(({ name }) => name)).size, families.length);
  for (const { name, type, help, divisor } of families) {
    assert.match(name, /^(headcount|process|nodejs)(_[a-z0-9]+)+$/);
    assert.is(name.endsWith('_total'), type === 'counter', name);
    assert.ok(!/_(created|bucket|count|sum)$/.test(name), name);
    assert.ok(help.endsWith('.') || help.includes(';'), `${name}: ${help}`);
    // Only what is held in ms is divided, and it is exposed in seconds.
    assert.is(divisor === 1000, /_seconds(_total)?$/.test(name), name);
  }
});

test('buckets go up, in seconds, for histograms alone', () => {
  for (const { name, type, buckets } of families) {
    assert.is(buckets !== undefined, type === 'histogram', name);
    for (const [i, le] of (buckets ?? []).entries()) assert.ok(le > (buckets?.[i - 1] ?? 0), `${name} ${le}`);
  }
});

test('a bucket ends exactly on the default limit of a session', () => {
  const buckets = families.find(({ name }) => name === 'headcount_session_duration_seconds')?.buckets ?? [];
  assert.ok(buckets.includes(30));
  assert.equal([buckets[0], buckets.at(-1)], [0.05, 900]);
});

test('labels and collectors are of the closed lists, and none names a url, a session or a thread', () => {
  for (const { name, labels, collector } of families) {
    for (const [label, domain] of Object.entries(labels ?? {})) {
      assert.ok(DOMAIN_NAMES.includes(domain), `${name} ${domain}`);
      assert.ok(!/url|token|session|thread|pid|message/.test(label), `${name} ${label}`);
    }
    if (collector !== undefined) assert.ok(COLLECTORS.includes(collector), name);
  }
});

test('at most 32 errors of the network are told apart', () => {
  assert.ok(NETWORK_ERRORS.length <= 32);
  assert.is(new Set(NETWORK_ERRORS).size, NETWORK_ERRORS.length);
  for (const name of NETWORK_ERRORS) assert.match(name, /^net::ERR_[A-Z0-9_]+$/);
});

test.run();
