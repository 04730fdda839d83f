/**
 * A client over WebSocket that sends one large message, in a process of its own: to write it down keeps a thread busy
 * for longer than what is measured. Arguments: the server's URL, and MB. Says `ready` when it is about to send, and
 * ends when it has its answer, or its session is over.
 */

import { once } from 'node:events';
import puppeteer from 'puppeteer';

const [, , browserWSEndpoint = '', megabytes = '0'] = process.argv;
const browser = await puppeteer.connect({ browserWSEndpoint });
const page = await browser.newPage();
const expression = `'${'x'.repeat(Number(megabytes) * 1e6)}'.length`;
process.send?.('ready');
await once(process, 'message');
// One that is too large ends the client that has sent it, which is an answer too.
await page.evaluate(expression).catch(() => {});
await browser.disconnect();
process.disconnect();
