/**
 * Bodies and queries as other clients write them: each row of the tables, numbers as texts, slips. In: what a client
 * sends; out: the job that is made from it, or the complaint.
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ServiceError } from '../../src/failures.js';
import { createTranslate } from '../../src/http/translate.js';
import { createValidate } from '../../src/http/validate.js';
import { JOB_KINDS, JOBS, type JobKind } from '../../src/protocol/jobs/jobs.js';

const test = suite('http/translate');

/** The body that is made, and what was ignored; or the complaint. */
function read(kind: JobKind, body: object): { readonly made: unknown; readonly ignored: string[] } | string {
  const ignored: string[] = [];
  try {
    const job = createValidate(kind, JOBS[kind], (key) => ignored.push(key))(body);
    return { made: job.body, ignored };
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    assert.is(error.code, 'BAD_REQUEST');
    return error.message;
  }
}

/** A body with this value at the path, and one with nothing there. */
function bodies(path: string, value: unknown): { readonly given: object; readonly without: object } {
  const [first = '', ...rest] = path.split('.');
  const around: Readonly<Record<string, object>> = {
    cookies: { name: 'a', value: 'b', domain: 'a.test' },
    addScriptTag: { content: '1' },
    addStyleTag: { content: 'p {}' },
  };
  const html = { html: 'x' };
  if (rest.length === 0) return { given: { ...html, [first]: value }, without: html };
  if (rest[0] !== '*')
    return { given: { ...html, [first]: { [rest[0] ?? '']: value } }, without: { ...html, [first]: {} } };
  const item = around[first] ?? {};
  return {
    given: { ...html, [first]: [item, { ...item, [rest[1] ?? '']: value }] },
    without: { ...html, [first]: [item, item] },
  };
}

for (const kind of JOB_KINDS) {
  for (const { path, fate, to, harmless = [] } of JOBS[kind].foreign) {
    test(`${kind}, ${path}: ${fate}`, () => {
      const { given, without } = bodies(path, fate === 'renamed' ? 'print' : 'something');
      const before = structuredClone(given);
      const got = read(kind, given);
      assert.equal(given, before, 'what was given is as it was');
      if (fate === 'renamed') assert.equal(got, { made: { ...without, [to ?? '']: 'print' }, ignored: [] });
      if (fate === 'ignored') assert.equal(got, { made: without, ignored: [path] });
      if (fate === 'refused') assert.match(String(got), new RegExp(`^${path.replace('*', '1')}: `));
      for (const value of [null, ...harmless]) {
        if (fate === 'renamed') continue;
        assert.equal(read(kind, bodies(path, value).given), { made: without, ignored: [path] }, JSON.stringify(value));
      }
    });
  }
}

test('a name of ours wins over another name for it', () => {
  const got = read('content', { html: 'x', emulateMedia: 'print', emulateMediaType: 'screen' });
  assert.equal(got, { made: { html: 'x', emulateMediaType: 'screen' }, ignored: [] });
});

test('numbers and booleans may be texts, at any depth', () => {
  const body = {
    html: 'x',
    setJavaScriptEnabled: 'false',
    viewport: { width: '100', height: ' 200 ', isMobile: 'true', deviceScaleFactor: '1.5' },
    waitFor: { selector: 'p', timeout: '500' },
    cookies: [{ name: 'a', value: '1', domain: 'a.test', expires: '-1', secure: 'true' }],
    options: { quality: '80', fullPage: 'false', clip: { x: '0', y: '1', width: '2', height: '3' } },
  };
  assert.equal(read('screenshot', body), {
    made: {
      html: 'x',
      setJavaScriptEnabled: false,
      viewport: { width: 100, height: 200, isMobile: true, deviceScaleFactor: 1.5 },
      waitFor: { selector: 'p', timeout: 500 },
      cookies: [{ name: 'a', value: '1', domain: 'a.test', expires: -1, secure: true }],
      options: { quality: 80, fullPage: false, clip: { x: 0, y: 1, width: 2, height: 3 } },
    },
    ignored: [],
  });
});

test('what only looks like one is refused, and what is to be a text stays one', () => {
  for (const width of ['', ' ', '1e3', '0x10', '10px', 'ten', null, [10], { a: 1 }]) {
    assert.match(String(read('content', { html: 'x', viewport: { width, height: 10 } })), /^viewport\.width: /);
  }
  for (const value of ['', 'yes', '1', 1, null]) {
    assert.match(String(read('content', { html: 'x', bestAttempt: value })), /^bestAttempt: /);
  }
  assert.equal(read('content', { html: '5', waitFor: '10' }), { made: { html: '5', waitFor: '10' }, ignored: [] });
  assert.match(String(read('content', { html: 'x', viewport: { width: '20000', height: '1' } })), /^viewport\.width: /);
});

test('a viewport of 0 × 0 is the default one', () => {
  for (const zero of [0, '0']) {
    const got = read('content', { html: 'x', viewport: { width: zero, height: zero, hasTouch: true } });
    assert.equal(got, { made: { html: 'x', viewport: { width: 800, height: 600, hasTouch: true } }, ignored: [] });
  }
  assert.match(String(read('content', { html: 'x', viewport: { width: 0, height: 10 } })), /^viewport\.width: /);
});

test('a name that nobody knows is told with the nearest that exists there', () => {
  const slips: readonly (readonly [object, string])[] = [
    [{ waitForSelecter: { selector: 'p' } }, 'waitForSelecter: unknown key; did you mean waitForSelector?'],
    [{ options: { fullpage: true } }, 'options.fullpage: unknown key; did you mean fullPage?'],
    [{ viewport: { width: 1, height: 1, ismobile: true } }, 'viewport.ismobile: unknown key; did you mean isMobile?'],
    [{ cookies: [{ nam: 'a', value: 'b' }] }, 'cookies.0.nam: unknown key; did you mean name?'],
    [{ somethingElse: 1 }, 'somethingElse: unknown key'],
    [{ ['x'.repeat(10_000)]: 1 }, `${'x'.repeat(10_000)}: unknown key`],
  ];
  for (const [over, complaint] of slips) assert.is(read('screenshot', { html: 'x', ...over }), complaint);
});

test('what is no body stays none, and names of objects are no keys', () => {
  const translate = createTranslate(JOBS.pdf.foreign, () => assert.unreachable());
  for (const body of [null, 5, 'x', [], [{ rotate: 90 }]]) assert.is(translate(body), body);
  const body = JSON.parse('{"html": "x", "__proto__": {"rotate": 90}, "options": [], "cookies": {"size": 1}}');
  assert.is(translate(body), body);
});

test('types of resources that nobody has are refused', () => {
  assert.match(
    String(read('content', { html: 'x', rejectResourceTypes: ['image', 'images'] })),
    /^rejectResourceTypes\.1: /,
  );
  assert.equal(read('content', { html: 'x', rejectResourceTypes: ['Image', 'xhr'] }), {
    made: { html: 'x', rejectResourceTypes: ['Image', 'xhr'] },
    ignored: [],
  });
});

test.run();
