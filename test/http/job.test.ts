/**
 * How a body is read, which of its keys the query may say, and who may ask for what.
 */

import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createJobReader } from '../../src/http/job.js';
import { createClient } from '../../src/protocol/client.js';

const test = suite('http/job');
const HTML = { html: 'x' };
const REFUSED = 'BAD_REQUEST acceptInsecureCerts: must be false, since only ALLOW_INSECURE_CERTS=true allows it';

interface Asked {
  readonly allows: boolean;
  readonly body?: unknown;
  readonly given?: { readonly acceptInsecureCerts?: boolean; readonly ignoreHTTPSErrors?: boolean };
  readonly type?: string;
}

/** The body of the job. Or why there is none, and whether that was known before the body was read. */
async function read({ allows, body = HTML, given = {}, type = 'application/json' }: Asked): Promise<unknown> {
  const raw = new IncomingMessage(new Socket());
  raw.push(typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body));
  raw.push(null);
  const { signal } = createClient();
  const request = { method: 'POST', headers: { 'content-type': type }, params: {}, query: new URLSearchParams() };
  let isHeadTaken = false;
  try {
    const allowed = { allowsInsecureCerts: allows, allowsClientProxy: allows };
    const readJob = createJobReader({ maxPayloadBytes: 1_000, ...allowed, onIgnored: () => {} });
    const readBody = readJob('content', { ...request, given, raw, askForBody() {}, signal });
    isHeadTaken = true;
    return (await readBody()).body;
  } catch (error) {
    const { code, message } = error as { code: string; message: string };
    return `${code} ${message}${isHeadTaken ? '' : ', by its head'}`;
  }
}

test('any certificate is taken only where that is allowed, whoever says so; a no is always allowed', async () => {
  const insecure = { ...HTML, acceptInsecureCerts: true };
  const secure = { ...HTML, acceptInsecureCerts: false };
  assert.equal(await read({ allows: true, body: insecure }), insecure);
  assert.is(await read({ allows: false, body: insecure }), REFUSED);
  for (const name of ['acceptInsecureCerts', 'ignoreHTTPSErrors']) {
    assert.equal(await read({ allows: true, given: { [name]: true } }), insecure);
    assert.equal(await read({ allows: true, given: { [name]: true }, body: 'x', type: 'text/html' }), insecure);
    assert.is(await read({ allows: false, given: { [name]: true } }), `${REFUSED}, by its head`);
    assert.equal(await read({ allows: false, given: { [name]: false } }), HTML);
  }
  for (const allows of [true, false]) assert.equal(await read({ allows, body: secure }), secure);
});

test('a body is read in its charset, and a mark of the order of bytes is no part of it', async () => {
  const texts: readonly (readonly [type: string, body: Buffer, html: string])[] = [
    ['text/html', Buffer.from('ü'), 'ü'],
    ['text/html; charset=UTF-8', Buffer.from('\ufeffü'), 'ü'],
    ['text/html; charset=iso-8859-1', Buffer.from('ü', 'latin1'), 'ü'],
    ['text/html;charset="windows-1252"', Buffer.from([0x80]), '€'],
    ['text/html; level=1; Charset=shift_jis', Buffer.from([0x93, 0xfa]), '日'],
    ['application/json', Buffer.from('\ufeff{"html": "ü"}'), 'ü'],
    ['application/json; charset=utf-16le', Buffer.from('\ufeff{"html": "ü"}', 'utf16le'), 'ü'],
  ];
  for (const [type, body, html] of texts) assert.equal(await read({ allows: false, body, type }), { html }, type);
  const unknown = await read({ allows: false, body: 'x', type: 'text/html; charset=klingon' });
  assert.is(unknown, 'UNSUPPORTED_MEDIA_TYPE the charset klingon of the body is not known here, by its head');
});

test('what says yes counts, and a body that is none is refused as it is', async () => {
  const insecure = { ...HTML, acceptInsecureCerts: true };
  const given = { acceptInsecureCerts: true };
  assert.equal(await read({ allows: true, given, body: { ...HTML, acceptInsecureCerts: false } }), insecure);
  assert.equal(await read({ allows: true, given: { acceptInsecureCerts: false }, body: insecure }), insecure);
  for (const body of [null, [], 7]) {
    assert.is(await read({ allows: true, given, body }), await read({ allows: true, body }), String(body));
  }
});

test.run();
