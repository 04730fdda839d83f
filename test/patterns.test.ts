/**
 * Clients' patterns. re2js and JavaScript find the same wherever re2js is used. What takes for ever in JavaScript does
 * not take long in re2js, and all else is held to its limit.
 */

import fc from 'fast-check';
import { RE2JS } from 're2js';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { checkPatterns, compilePatterns, isCommon } from '../src/patterns.js';
import { seededRandom } from './seeded-random.js';

const test = suite('patterns');

/** Pieces of sources. Some of them only one engine accepts, or reads differently. */
const PIECES = [
  ...['a', 'b', '-', ':', '/', '%', '_', '5', '.', '^', '$', '|', '*', '+', '?', '*?', '+?', '(', '(?:', '(?<n>', ')'],
  ...['{2}', '{1,}', '{0,2}', '{2}?', '{02}', '{,2}', '{', '}', '{1001}', '[', ']', '[^', '[a-', '[]a]', '[^]', '[[:'],
  ...[
    '\\d',
    '\\D',
    '\\w',
    '\\W',
    '\\s',
    '\\S',
    '\\b',
    '\\B',
    '\\t',
    '\\x61',
    '\\x4',
    '\\.',
    '\\-',
    '\\/',
    '\\_',
    '\\]',
  ],
  ...['\\1', '\\k<n>', '\\u0061', '\\cA', '\\pL', '\\A', '\\z', '\\Q', '\\E', '\\a', '\\0', '\\C', '\\G', '\\Z', '\\v'],
  ...['[ab]', '[^a]', '[a-z]', '[-a]', '[a-]', '[\\w-]', '[\\w-a]', '[\\w--a]', '[a-\\d]', '[a-c-e]', '[[:alpha:]]'],
  ...['[&&b]', '[a&&b]', '[\\b]', '[^^]', '[.]', '(?=', '(?!', '(?<=', '(?<!', '(?i)', '(?P<p>', '(a+)+', '(?:a|b)*'],
];
const source = fc.array(fc.constantFrom(...PIECES), { minLength: 1, maxLength: 8 }).map((pieces) => pieces.join(''));
const letters = fc.constantFrom(...'ab:/%_5.-&][^zAEQk1');
const url = fc.array(letters, { maxLength: 12 }).map((found) => found.join(''));

function isSource(text: string): boolean {
  try {
    return new RegExp(text) instanceof RegExp;
  } catch {
    return false;
  }
}

async function matches(pattern: string, text: string): Promise<boolean> {
  return (await compilePatterns({ rejectRequestPattern: [pattern] }))(text) === 0;
}

test('both engines find the same in URLs with every source that re2js may get', () => {
  let compared = 0;
  const same = fc.property(source.filter(isSource).filter(isCommon), fc.array(url, { minLength: 8 }), (text, urls) => {
    const [linear, backtracking] = [RE2JS.compile(text), new RegExp(text)];
    for (const one of urls) assert.is(linear.test(one), backtracking.test(one), `${text} on ${one}`);
    compared += urls.length;
  });
  fc.assert(same, { numRuns: 1_000 });
  assert.ok(compared > 8_000);
});

test('what clients write goes to re2js; what has another meaning there, or none, does not', () => {
  const common = [
    ...['(a+)+$', 'style\\.css', '/$', '^https?://[^/]+\\.example\\.com(?::\\d{2,5})?/', '\\.(png|jpe?g|gif)(\\?.*)?$'],
    ...['(?<host>[\\w.-]+)', '[a-z0-9_]{8}', '[^a-z]+?', '[.*+?^{}()|/$]', '\\x2f', 'a]b', '.*ads.*', '[\\]\\\\]'],
  ];
  assert.equal(
    common.filter((text) => !isCommon(text)),
    [],
  );
  const others = [
    ...['(?=a)', '(?!a)', '(?<=a)', '(?<!a)', '(a)\\1', '(?<n>a)\\k<n>', '\\u0061', '\\cA', '\\pL', '\\A', 'a\\z'],
    ...['\\Qa', '\\a', '\\0', '[^]', '[]', '[[:alpha:]]', 'a{1001}', 'a{02}', 'a{,2}', 'a{', '\\x4', '[\\w-a]', 'é'],
  ];
  assert.equal(others.filter(isCommon), []);
});

test('a pattern that would take for ever in JavaScript takes linear time', async () => {
  assert.is(await matches('(a+)+$', `${'a'.repeat(48)}!`), false);
  assert.is(await matches('(a+)+$', 'a'.repeat(48)), true);
});

test('what re2js cannot do is done by JavaScript, within a limit that names the key', async () => {
  assert.is(await matches('^(?!.*allowed)', 'https://allowed.example/'), false);
  assert.is(await matches('^(?!.*allowed)', 'https://other.example/'), true);
  assert.is(await matches('(?:(?:a{100}){100}){100}', 'b'), false);
  const slow = `${'a'.repeat(48)}!`;
  const rejecting = await compilePatterns({ rejectRequestPattern: ['b', '(?=a)(a+)+$', 'c'] });
  assert.throws(() => rejecting(slow), /^rejectRequestPattern\.1: takes more than 20 ms for a URL$/);
  assert.is(rejecting(`b${slow}`), 0, 'it is not asked when one before it matches');
  assert.is(rejecting('aaa'), 1, 'another URL may be within it');
  const requestInterceptors = [{ pattern: 'x' }, { pattern: '(a+)+\\1$' }];
  const answering = await compilePatterns({ rejectRequestPattern: ['b'], requestInterceptors });
  assert.throws(() => answering(slow), /^requestInterceptors\.1\.pattern: takes more than 20 ms/);
  assert.equal(['b', 'x', 'aa', 'c'].map(answering), [0, 1, 2, -1]);
});

test('so is what re2js does slowly, since a URL may be long', async () => {
  const random = seededRandom(7);
  const long = `${Array.from({ length: 200_000 }, () => (random() < 0.5 ? 'a' : 'b')).join('')}!`;
  const patterns = await compilePatterns({ rejectRequestPattern: ['[ab]*a[ab]{300}[ac]$'] });
  assert.throws(() => patterns(long), /^rejectRequestPattern\.0: takes more than 20 ms/);
});

test('many patterns have one limit together: the thread is everybody’s', async () => {
  // Each backtracks for a few ms.
  const rejectRequestPattern = Array.from({ length: 100 }, (_, i) => `(?=a)(a+)+$|${i}$`);
  const patterns = await compilePatterns({ rejectRequestPattern });
  const url = `${'a'.repeat(18)}!`;
  const startedAtMs = performance.now();
  assert.throws(() => patterns(url), /^rejectRequestPattern\.\d+: takes more than 20 ms/);
  assert.ok(performance.now() - startedAtMs < 1_000);
});

test('what is no regular expression is refused with its key', () => {
  checkPatterns({ rejectRequestPattern: ['a', '(?<=a)b'], requestInterceptors: [{ pattern: 'c' }] });
  assert.throws(() => checkPatterns({ rejectRequestPattern: ['a', '('] }), /^rejectRequestPattern\.1: Invalid regular/);
  const bad = { requestInterceptors: [{ pattern: '[' }] };
  assert.throws(() => checkPatterns(bad), /^requestInterceptors\.0\.pattern: Invalid regular/);
});

test.run();
