/**
 * What never comes to an end: sessions give up in time, and say what they waited for.
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { atRest, type Refused, ready, refusalOf, type Server, start } from './server.js';
import { type Site, startSite } from './site.js';

const test = suite('end-to-end/giving-up');

let server: Server;
let site: Site;

const there = (path: string): string => site.url(path);

test.before(async () => {
  site = await startSite();
  server = await start();
  await ready(server);
});

test.after(async () => {
  await atRest(server);
  await server.stop();
  site.close();
});

const refusal = (path: string, body: object): Promise<Refused> => refusalOf(server, path, body);

async function goesOn(path: string, body: object): Promise<void> {
  const response = await server.post(path, body);
  assert.is(response.status, 200, `${JSON.stringify(body)}: ${await response.text()}`);
}

const all = <T>(of: readonly T[], check: (one: T) => Promise<void>): Promise<unknown> => Promise.all(of.map(check));

test('a page that goes on before it has loaded, for ever, ends with a word of it in seconds', async () => {
  const message = 'the page went on to another each time, 20 times';
  await all([{}, { waitForTimeout: 0 }], async (make) => {
    const url = there('/restless');
    assert.equal(await refusal('/content', { url, ...make }), [408, 'STEP_TIMEOUT', message]);
    await goesOn('/content', { url, bestAttempt: true, ...make });
  });
});

test('what never comes is waited for as long as anything else: tags, fonts, a PDF', async () => {
  const never = [{ url: there('/never') }];
  const html = `<style>@font-face { font-family: late; src: url(${there('/never')}) }</style>
    <p>text<script>onload = () => { document.body.style.fontFamily = 'late'; document.body.offsetWidth; }</script>`;
  // It takes some time to print.
  const many = `<script>document.write('<p>Text'.repeat(20000))</script>`;
  const slow = { html: many, options: { timeout: 1, waitForFonts: false } };
  await all(
    [
      ['/content', { html: 'x', addScriptTag: [{ content: '1' }, ...never] }, 'addScriptTag.1: not loaded after '],
      ['/content', { html: 'x', addStyleTag: never }, 'addStyleTag.0: not loaded after '],
      ['/pdf', { html }, 'options.waitForFonts: not all there after '],
      ['/pdf', slow, 'options.timeout: not printed after 1 ms'],
    ] as const,
    async ([path, body, said]) => {
      const [status, code, message] = await refusal(`${path}?timeout=6000`, body);
      assert.equal([status, code, message.slice(0, said.length)], [408, 'STEP_TIMEOUT', said]);
    },
  );
});

test('with bestAttempt a tag that never comes holds nothing up for ever', async () => {
  const never = [{ url: there('/never') }];
  await all([{ addScriptTag: never }, { addStyleTag: never }], (tags) =>
    goesOn('/content?timeout=6000', { html: 'x', bestAttempt: true, ...tags }),
  );
});

test.run();
