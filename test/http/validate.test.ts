/**
 * What is said of a body that cannot be taken, for every kind: the complaint names the key. Both sides of each bound
 * are tried.
 */

import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ServiceError } from '../../src/failures.js';
import { createValidate, type Validate } from '../../src/http/validate.js';
import { JOB_KINDS, JOBS, type JobKind } from '../../src/protocol/jobs/jobs.js';
import { freshSeed } from '../seeded-random.js';

const test = suite('http/validate');
const VALIDATES = new Map<JobKind, Validate>(JOB_KINDS.map((kind) => [kind, createValidate(kind, JOBS[kind])]));

/** The complaint; null when the body is taken. */
function complaintOf(kind: JobKind, body: unknown): string | null {
  try {
    assert.equal(VALIDATES.get(kind)?.(body), { kind, body });
    return null;
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    assert.is(error.code, 'BAD_REQUEST');
    return error.message;
  }
}

const page = (over: object): object => ({ html: 'x', ...over });
const options = (over: object): object => page({ options: over });
const clip = (over: object): object => options({ clip: { x: 0, y: 0, width: 1, height: 1, ...over } });
const viewport = (over: object): object => page({ viewport: { width: 10, height: 10, ...over } });

/** The key, the last value that is taken, the first that is not. */
const BOUNDS: readonly (readonly [JobKind, string, object, object])[] = [
  ['content', 'viewport.width', viewport({ width: 1 }), viewport({ width: 0 })],
  ['content', 'viewport.width', viewport({ width: 10_000 }), viewport({ width: 10_001 })],
  ['content', 'viewport.width', viewport({ width: 7 }), viewport({ width: 7.5 })],
  ['content', 'viewport.deviceScaleFactor', viewport({ deviceScaleFactor: 8 }), viewport({ deviceScaleFactor: 8.1 })],
  ['content', 'viewport.deviceScaleFactor', viewport({ deviceScaleFactor: 0.1 }), viewport({ deviceScaleFactor: 0 })],
  [
    'content',
    'viewport',
    viewport({ width: 10_000, height: 10_000 }),
    viewport({ width: 5_001, height: 5_000, deviceScaleFactor: 2 }),
  ],
  ['content', 'waitForTimeout', page({ waitForTimeout: 3_600_000 }), page({ waitForTimeout: 3_600_001 })],
  ['content', 'waitForTimeout', page({ waitForTimeout: 0 }), page({ waitForTimeout: -1 })],
  [
    'content',
    'cookies.0.expires',
    page({ cookies: [{ name: 'a', value: '', domain: 'a.test', expires: -1 }] }),
    page({ cookies: [{ name: 'a', value: '', domain: 'a.test', expires: -2 }] }),
  ],
  ['content', 'userAgent', page({ userAgent: 'x'.repeat(2_048) }), page({ userAgent: 'x'.repeat(2_049) })],
  ['content', 'userAgent', page({ userAgent: 'a b' }), page({ userAgent: 'a\nb' })],
  ['content', 'userAgent', page({ userAgent: { userAgent: 'a b' } }), page({ userAgent: { userAgent: 'a\nb' } })],
  [
    'content',
    'setExtraHTTPHeaders.a',
    page({ setExtraHTTPHeaders: { a: 'ü' } }),
    page({ setExtraHTTPHeaders: { a: '\r' } }),
  ],
  [
    'content',
    'requestInterceptors.0.response.status',
    page({ requestInterceptors: [{ pattern: '.', response: { status: 599 } }] }),
    page({ requestInterceptors: [{ pattern: '.', response: { status: 600 } }] }),
  ],
  [
    'content',
    'rejectRequestPattern.1',
    page({ rejectRequestPattern: ['a', '[b]'] }),
    page({ rejectRequestPattern: ['a', '[b'] }),
  ],
  ['content', 'url', { url: 'about:blank' }, { url: 'about:crash' }],
  ['content', 'url', { url: 'data:text/html,x' }, { url: 'data' }],
  ['content', 'url', { url: 'HTTPS://A.TEST' }, { url: 'fi\tle:///etc/passwd' }],
  ['screenshot', 'options.quality', options({ quality: 0 }), options({ quality: -1 })],
  ['screenshot', 'options.quality', options({ quality: 100 }), options({ quality: 101 })],
  ['screenshot', 'options.clip.width', clip({ width: 0.1 }), clip({ width: 0 })],
  ['screenshot', 'options.clip.x', clip({ x: 0 }), clip({ x: -1 })],
  ['screenshot', 'options.clip.scale', clip({ scale: 8 }), clip({ scale: 9 })],
  ['screenshot', 'options.fullPage', options({ fullPage: true }), page({ selector: 'a', options: { fullPage: true } })],
  ['screenshot', 'options.clip', clip({}), { ...clip({}), selector: 'a' }],
  ['pdf', 'options.scale', options({ scale: 0.1 }), options({ scale: 0.09 })],
  ['pdf', 'options.scale', options({ scale: 2 }), options({ scale: 2.1 })],
  ['pdf', 'options.pageRanges', options({ pageRanges: '1-3, 5-' }), options({ pageRanges: '3-1' })],
  ['pdf', 'options.pageRanges', options({ pageRanges: '' }), options({ pageRanges: '0' })],
  ['pdf', 'options.margin.top', options({ margin: { top: '1in' } }), options({ margin: { top: '1 mile' } })],
  ['pdf', 'options.format', options({ format: 'a4' }), options({ format: 'A7' })],
];

test('each bound is taken, what is beyond it is not, and the key is named', () => {
  for (const [kind, key, within, beyond] of BOUNDS) {
    assert.is(complaintOf(kind, within), null, `${kind} ${JSON.stringify(within).slice(0, 80)}`);
    assert.match(complaintOf(kind, beyond) ?? 'taken', new RegExp(`^${key.replaceAll('.', '\\.')}: `), key);
  }
});

test('exactly one of url and html, in every kind; what nobody knows is named', () => {
  for (const kind of JOB_KINDS) {
    for (const body of [{}, { url: 'http://a.test', html: 'x' }]) assert.match(complaintOf(kind, body) ?? '', /^url: /);
    assert.is(complaintOf(kind, page({ nonsense: 1 })), 'nonsense: unknown key');
    assert.is(complaintOf(kind, page({ 'a/b~c': 1 })), 'a/b~c: unknown key');
    assert.is(complaintOf(kind, options({ nonsense: 1 })) === null, false);
    for (const body of [null, [], 'x', 5, true, undefined]) assert.ok(complaintOf(kind, body) !== null, String(body));
  }
});

test('of several choices all are named, and of several types each', () => {
  assert.is(complaintOf('screenshot', options({ type: 'gif' })), 'options.type: must be one of png,jpeg,webp');
  assert.match(complaintOf('content', page({ waitFor: {} })) ?? '', /^waitFor/);
});

test('whatever is sent, it is taken or a key is complained of, in words on one line', () => {
  const seed = freshSeed();
  const anything = fc.object({
    key: fc.constantFrom('url', 'html', 'options', 'viewport', 'cookies', 'x'),
    maxDepth: 3,
  });
  fc.assert(
    fc.property(fc.constantFrom(...JOB_KINDS), anything, (kind, body) => {
      const complaint = complaintOf(kind, body);
      if (complaint !== null) assert.match(complaint, /^[^\n]+: [^\n]+$/);
    }),
    { seed, numRuns: 500 },
  );
});

test('all that a key may be is told', () => {
  const formats = complaintOf('pdf', options({ format: 'A99' })) ?? '';
  for (const name of ['Letter', 'A4', 'a6']) assert.match(formats, new RegExp(`\\b${name}\\b`));
});

test.run();
