/**
 * Pictures, documents, and a page as if it were elsewhere.
 */

import { KnownDevices } from 'puppeteer-core';
import * as assert from 'uvu/assert';
import { type Checks, pageOf, pngSize, soon } from './check.js';

const WHERE =
  'new Promise((go) => navigator.geolocation.getCurrentPosition((p) => go(p.coords.latitude), (e) => go(e.code)))';

export const OUTPUT: Checks = {
  async 'takes pictures of the view and of the whole page'({ browser, origin }) {
    const page = await pageOf(browser);
    await page.setViewport({ width: 400, height: 300 });
    await page.goto(`${origin}/tall`);
    assert.equal(pngSize(await page.screenshot()), [400, 300]);
    const [width, height] = pngSize(await page.screenshot({ fullPage: true }));
    assert.is(width, 400);
    assert.ok(height > 2000);
  },
  async 'takes pictures of a clip and of an element'({ browser, origin }) {
    const page = await pageOf(browser, `${origin}/tall`);
    assert.equal(pngSize(await page.screenshot({ clip: { x: 5, y: 5, width: 21, height: 11 } })), [21, 11]);
    const element = await page.$('#box');
    assert.equal(pngSize((await element?.screenshot()) ?? new Uint8Array()), [30, 20]);
  },
  async 'takes pictures in other formats, and as text'({ browser, origin }) {
    const page = await pageOf(browser, origin);
    const jpeg = await page.screenshot({ type: 'jpeg', quality: 50 });
    assert.equal([jpeg[0], jpeg[1]], [0xff, 0xd8]);
    const webp = await page.screenshot({ type: 'webp' });
    assert.is(Buffer.from(webp.subarray(8, 12)).toString(), 'WEBP');
    assert.match(await page.screenshot({ encoding: 'base64', omitBackground: true }), /^iVBOR/);
  },
  async 'prints documents, in formats and with headers'({ browser, origin }) {
    const page = await pageOf(browser, origin);
    const boxOf = (pdf: Uint8Array): string =>
      /\/MediaBox \[(.*?)\]/.exec(Buffer.from(pdf).toString('latin1'))?.[1] ?? '';
    assert.match(boxOf(await page.pdf({ format: 'a4' })), /^0 0 59[45][.\d]* 84[12]/);
    assert.match(boxOf(await page.pdf({ width: '2in', height: '3in' })), /^0 0 144 216/);
    const more = { displayHeaderFooter: true, headerTemplate: '<p>top</p>', landscape: true, printBackground: true };
    assert.match(boxOf(await page.pdf(more)), /^0 0 792 612/);
  },
  async 'prints documents as a stream'({ browser, origin }) {
    const page = await pageOf(browser, origin);
    const chunks: Uint8Array[] = [];
    for await (const chunk of await page.createPDFStream()) chunks.push(chunk);
    assert.is(Buffer.concat(chunks).subarray(0, 4).toString(), '%PDF');
  },
  async 'takes a screencast'({ browser, origin }) {
    const page = await pageOf(browser, origin);
    const session = await page.createCDPSession();
    const frame = new Promise<string>((resolve) => session.once('Page.screencastFrame', ({ data }) => resolve(data)));
    await session.send('Page.startScreencast', { format: 'jpeg' });
    assert.ok((await soon(frame, 'a frame')).length > 100);
    await session.send('Page.stopScreencast');
  },
  async 'is another device'({ browser, site, origin }) {
    const page = await pageOf(browser);
    await page.emulate(KnownDevices['iPhone 13']);
    await page.goto(origin);
    assert.equal(await page.evaluate('[devicePixelRatio, screen.width, navigator.maxTouchPoints > 0]'), [3, 390, true]);
    assert.match(site.last('/')?.headers['user-agent'] ?? '', 'iPhone');
  },
  async 'has another user agent'({ browser, site, origin }) {
    const page = await pageOf(browser);
    await page.setUserAgent({ userAgent: 'an agent' });
    await page.goto(origin);
    assert.equal(
      [site.last('/')?.headers['user-agent'], await page.evaluate('navigator.userAgent')],
      ['an agent', 'an agent'],
    );
  },
  async 'is in another time zone'({ browser, origin }) {
    const page = await pageOf(browser, origin);
    await page.emulateTimezone('Asia/Tokyo');
    assert.is(await page.evaluate('new Date(0).getHours()'), 9);
    await page.emulateTimezone('America/New_York');
    assert.is(await page.evaluate('new Date(0).getHours()'), 19);
  },
  async 'is at another place, when that is permitted'({ browser, origin }) {
    const context = browser.defaultBrowserContext();
    const page = await pageOf(browser, origin);
    await page.setGeolocation({ latitude: 10, longitude: 20 });
    await context.overridePermissions(origin, ['geolocation']);
    assert.is(await page.evaluate(WHERE), 10);
    await context.overridePermissions(origin, []);
    assert.is(await page.evaluate(WHERE), 1);
    await context.clearPermissionOverrides();
  },
  async 'is of another medium'({ browser, origin }) {
    const page = await pageOf(browser, origin);
    await page.emulateMediaType('print');
    assert.is(await page.evaluate("matchMedia('print').matches"), true);
    await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: 'dark' }]);
    assert.is(await page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches"), true);
  },
  async 'sees less well'({ browser, origin }) {
    const page = await pageOf(browser, `${origin}/tall`);
    const before = Buffer.from(await page.screenshot());
    await page.emulateVisionDeficiency('achromatopsia');
    assert.is(before.equals(await page.screenshot()), false);
    await page.emulateVisionDeficiency('none');
    assert.is(before.equals(await page.screenshot()), true);
  },
  async 'has a slower processor'({ browser, origin }) {
    const page = await pageOf(browser, origin);
    await page.emulateCPUThrottling(4);
    assert.is(await page.evaluate('1 + 1'), 2);
    await page.emulateCPUThrottling(null);
    const error = await page.emulateCPUThrottling(0.5).catch((thrown: Error) => thrown);
    assert.match((error as Error).message, 'Throttling rate should be greater or equal to 1');
  },
};
