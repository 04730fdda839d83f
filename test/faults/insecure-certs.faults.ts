/**
 * Sessions that may take any certificate, beside others in the same browser that may not, in both makes of context.
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { deadline, until } from '../deadline.js';
import { ready, type Server, start } from '../end-to-end/server.js';
import { certificateFor } from './certificates.js';
import { needs } from './needs.js';
import { type SecureSite, startSecureSite } from './secure-site.js';

const test = suite('faults/insecure-certs');
const certTest = needs(test, { tools: ['openssl'] });
const WAIT_MS = 20_000;
const UNTRUSTED = 'NAVIGATION_FAILED net::ERR_CERT_AUTHORITY_INVALID';
/** Two makes of context: the second key needs Playwright. */
const MAKES = [{}, { setExtraHTTPHeaders: { 'x-own': '1' } }];
const INSECURE = { acceptInsecureCerts: true };
const folder = mkdtempSync(join(tmpdir(), 'headcount-test-certs-'));

test.after(() => rmSync(folder, { recursive: true }));

/** The result of a session: its page, or why there is none. */
async function outcome({ post }: Server, body: object, query = ''): Promise<string> {
  const response = await deadline(post(`/content${query}`, body), WAIT_MS, 'a session');
  const text = await response.text();
  if (response.status === 200) return text;
  const { error }: { error: { code: string; message: string } } = JSON.parse(text);
  return `${error.code} ${error.message}`;
}

/** They ask other names for all that a page can ask for. They have loaded when their image has. */
const pages = (port: number) => ({
  '/parts': `<p>parts<iframe src="https://framed.localhost:${port}/frame"></iframe><img src="/held"><script>
    new Worker(URL.createObjectURL(new Blob(['fetch("https://worked.localhost:${port}/worker", {mode: "no-cors"})'])));
  </script>`,
  '/opener': `<p>opener<img src="/held"><script>open('https://popped.localhost:${port}/popup')</script>`,
  '/wait': '<p>waited<img src="/held">',
});

async function withBoth(
  settings: Record<string, string>,
  use: (server: Server, site: SecureSite) => Promise<void>,
): Promise<void> {
  const site = await startSecureSite(certificateFor('site.localhost', { folder, name: 'site' }), pages);
  const server = await start({ WORKERS: '1', CONCURRENT: '4', ...settings });
  try {
    await ready(server);
    await use(server, site);
  } finally {
    await server.stop();
    await site.close();
  }
}

certTest('a session that may take any certificate changes nothing for those beside and after it', () =>
  withBoth({ ALLOW_INSECURE_CERTS: 'true' }, async (server, site) => {
    for (const make of MAKES) {
      for (const insecureMake of MAKES) {
        const before = site.asked.length;
        site.hold();
        const waiting = outcome(server, { url: site.url('site.localhost', '/wait'), ...INSECURE, ...insecureMake });
        await until(() => site.asked.slice(before).includes('site.localhost /held'), WAIT_MS, 'the page to wait');
        const url = site.url('site.localhost', '/other');
        assert.is(await outcome(server, { url, ...make }), UNTRUSTED, 'beside it');
        assert.is(await outcome(server, { url, acceptInsecureCerts: false, ...make }), UNTRUSTED, 'false is a word');
        assert.is(site.asked.slice(before).includes('site.localhost /other'), false);
        site.release();
        assert.match(await waiting, 'waited');
        assert.is(await outcome(server, { url, ...make }), UNTRUSTED, 'after it');
      }
    }
  }),
);

certTest('its frames, workers and pop-ups take any too', () =>
  withBoth({ ALLOW_INSECURE_CERTS: 'true' }, async (server, site) => {
    const wanted = {
      parts: ['framed.localhost /frame', 'worked.localhost /worker'],
      opener: ['popped.localhost /popup'],
    };
    for (const [name, others] of Object.entries(wanted)) {
      for (const make of MAKES) {
        site.asked.length = 0;
        site.hold();
        const loading = outcome(server, { url: site.url('site.localhost', `/${name}`), ...INSECURE, ...make });
        const all = ['site.localhost /held', ...others];
        await until(() => all.every((one) => site.asked.includes(one)), WAIT_MS, `all of ${all}`);
        site.release();
        assert.match(await loading, name);
      }
    }
  }),
);

certTest('the query says the same under two names, also for HTML as it is', () =>
  withBoth({ ALLOW_INSECURE_CERTS: 'true', ENABLE_API_GET: 'true' }, async (server, site) => {
    const url = site.url('site.localhost');
    for (const name of ['acceptInsecureCerts', 'ignoreHTTPSErrors']) {
      for (const value of ['', '=', '=true']) assert.match(await outcome(server, { url }, `?${name}${value}`), '<p>/');
      assert.is(await outcome(server, { url }, `?${name}=false`), UNTRUSTED);
      assert.match(await outcome(server, { url }, `?${name}=yes`), `BAD_REQUEST ${name}: must be true or false`);
    }
    const body = encodeURIComponent(JSON.stringify({ url }));
    const got = await server.get(`/content?body=${body}&ignoreHTTPSErrors`);
    assert.is(got.status, 200);
    await got.text();
    const framing = `<iframe src="${url}framed"></iframe>`;
    const response = await server.post('/content?ignoreHTTPSErrors', framing);
    assert.is(response.status, 200);
    await response.text();
    assert.is(site.asked.at(-1), 'site.localhost /framed');
  }),
);

test.run();
