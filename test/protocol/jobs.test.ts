/**
 * The table of kinds at the edge: a kind needs only a row there. A made-up one is put into the table, and asked for as
 * clients would.
 */

import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { Type } from 'typebox';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createJobReader } from '../../src/http/job.js';
import { createClient } from '../../src/protocol/client.js';
import { JOB_KINDS, JOBS } from '../../src/protocol/jobs/jobs.js';
import { complaint, type JobRow } from '../../src/protocol/jobs/row.js';

const test = suite('protocol/jobs');

const Body = Type.Object(
  { code: Type.String({ minLength: 1 }), times: Type.Optional(Type.Integer({ minimum: 1 })) },
  { additionalProperties: false },
);
const script: JobRow<typeof Body> = {
  about: 'runs a script',
  produces: ['text/plain'],
  body: Body,
  raw: { 'application/javascript': 'code', 'text/plain': 'code' },
  foreign: [],
  isRetryable: false,
  check({ code, times = 1 }) {
    if (times * code.length > 20) throw complaint('times', 'too much of it');
  },
};
const readJob = createJobReader(
  { maxPayloadBytes: 1_000, allowsInsecureCerts: false, allowsClientProxy: false, onIgnored: () => {} },
  { ...JOBS, script },
);

async function ask(kind: string, body: unknown, type?: string) {
  const raw = new IncomingMessage(new Socket());
  raw.push(typeof body === 'string' ? body : JSON.stringify(body));
  raw.push(null);
  const headers = type === undefined ? {} : { 'content-type': type };
  const { signal } = createClient();
  const query = new URLSearchParams();
  const read = readJob(kind, { method: 'POST', headers, params: {}, given: {}, query, raw, askForBody() {}, signal });
  return await read();
}

async function refusal(kind: string, body: unknown, type?: string): Promise<string> {
  return await ask(kind, body, type).then(
    (job) => `taken: ${JSON.stringify(job)}`,
    (error) => `${error.code} ${error.message}`,
  );
}

test('which kinds there are, which of them have a route, and which may be begun anew on another shard', () => {
  const retried = Object.entries(JOBS).map(([kind, { isRetryable }]) => [kind, isRetryable]);
  assert.equal(Object.fromEntries(retried), { screenshot: true, pdf: true, content: true, test: false });
  assert.equal(JOB_KINDS, ['screenshot', 'pdf', 'content']);
});

test('a made-up kind is validated: by its schema, then by its own check', async () => {
  const body = { code: 'a()', times: 2 };
  assert.equal(await ask('script', body), { kind: 'script', body });
  assert.is(await refusal('script', { code: 'a()', html: 'x' }), 'BAD_REQUEST html: unknown key');
  assert.is(await refusal('script', { code: 5 }), 'BAD_REQUEST code: must be string');
  assert.is(await refusal('script', { code: 'a()', times: 0 }), 'BAD_REQUEST times: must be >= 1');
  assert.is(await refusal('script', { code: 'a()', times: 7 }), 'BAD_REQUEST times: too much of it');
  assert.is(await refusal('script', []), 'BAD_REQUEST body: must be object');
});

test('its raw body becomes the key that its row names, and is checked as any', async () => {
  for (const type of ['application/javascript', 'Text/Plain; charset=utf-8']) {
    assert.equal(await ask('script', 'a()', type), { kind: 'script', body: { code: 'a()' } });
  }
  assert.is(await refusal('script', 'x'.repeat(21), 'text/plain'), 'BAD_REQUEST times: too much of it');
  const types = 'application/json or application/javascript or text/plain';
  const refused = `UNSUPPORTED_MEDIA_TYPE the body must be ${types}, not text/html`;
  assert.is(await refusal('script', '<p>', 'text/html'), refused);
});

test('each real kind takes what its row says, and nothing of the others', async () => {
  for (const kind of JOB_KINDS) {
    assert.equal(await ask(kind, '<p>', 'text/html'), { kind, body: { html: '<p>' } });
    const refused = 'UNSUPPORTED_MEDIA_TYPE the body must be application/json or text/html, not constructor';
    assert.is(await refusal(kind, 'a()', 'constructor'), refused);
  }
  assert.equal(await ask('test', { operation: 'null' }), { kind: 'test', body: { operation: 'null' } });
  assert.match(await refusal('test', { operation: 'nil' }), 'BAD_REQUEST operation: must be one of null,census,');
  assert.is(
    await refusal('test', '<p>', 'text/html'),
    'UNSUPPORTED_MEDIA_TYPE the body must be application/json, not text/html',
  );
});

test('a picture is refused by what the body alone says of its size, at its bound', async () => {
  const sized = (type: string, clip: object, viewport: object = {}): object => ({
    html: 'x',
    viewport: { width: 8, height: 8, ...viewport },
    options: { type, clip: { x: 0, y: 0, width: 2, height: 2, ...clip } },
  });
  const taken = [
    sized('png', { height: 500_000, width: 200 }),
    sized('png', { height: 250_000, width: 200, scale: 2 }, { deviceScaleFactor: 0.5 }),
    sized('jpeg', { width: 65_500 }),
    sized('jpeg', { width: 16_375, scale: 2 }, { deviceScaleFactor: 2 }),
    sized('webp', { height: 16_383 }),
    sized('webp', { height: 32_766 }, { deviceScaleFactor: 0.5 }),
    { html: 'x', viewport: { width: 10_000, height: 10_000 } },
    {
      html: 'x',
      viewport: { width: 10_000, height: 8, deviceScaleFactor: 8 },
      options: { fullPage: true, type: 'webp' },
    },
  ];
  for (const body of taken) assert.equal(await ask('screenshot', body), { kind: 'screenshot', body });
  const onSide = (type: string, most: number): string => `a ${type} has at most ${most} device pixels on a side`;
  const inAll = 'must be at most 100 million pixels';
  for (const [body, key, limit] of [
    [sized('png', { height: 500_001 }), 'options.clip.height', 'must be <= 500000'],
    [sized('png', { height: 250_001, scale: 2 }), 'options.clip', onSide('png', 500_000)],
    [sized('png', { height: 500_000, width: 201 }), 'options.clip', inAll],
    [sized('png', { width: 800, height: 16_384 }, { deviceScaleFactor: 8 }), 'options.clip', inAll],
    [sized('jpeg', { width: 65_501 }), 'options.clip', onSide('jpeg', 65_500)],
    [sized('jpeg', { width: 16_376, scale: 2 }, { deviceScaleFactor: 2 }), 'options.clip', onSide('jpeg', 65_500)],
    [sized('webp', { height: 16_384 }), 'options.clip', onSide('webp', 16_383)],
    [
      { html: 'x', viewport: { width: 10_000, height: 8, deviceScaleFactor: 8 }, options: { type: 'jpeg' } },
      'viewport',
      onSide('jpeg', 65_500),
    ],
    [{ html: 'x', viewport: { width: 10_000, height: 10_000, deviceScaleFactor: 1.1 } }, 'viewport', inAll],
  ] as const) {
    assert.is(await refusal('screenshot', body), `BAD_REQUEST ${key}: ${limit}`);
  }
});

test.run();
