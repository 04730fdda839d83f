/**
 * Two real sockets, joined: what a half-open one may do, and for how long.
 */

import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { join } from '../../src/egress/join.js';
import { closed, read } from './scene.js';

interface Context {
  /** The far end, and ours. */
  page: readonly [Socket, Socket];
  site: readonly [Socket, Socket];
  close(): void;
}

const test = suite<Context>('egress/join');
const HALF_OPEN_MS = 100;

test.before.each(async (context) => {
  const server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const pair = async (): Promise<readonly [Socket, Socket]> => {
    const far = connect({ host: '127.0.0.1', port: (server.address() as AddressInfo).port, allowHalfOpen: true });
    const [near] = await once(server, 'connection');
    for (const socket of [far, near]) socket.on('error', () => {});
    return [far, near];
  };
  context.page = await pair();
  context.site = await pair();
  context.close = () => {
    for (const socket of [...context.page, ...context.site]) socket.destroy();
    server.close();
  };
});
test.after.each(({ close }) => close());

function joinAll({ page, site }: Context): void {
  join({ client: page[1], remote: site[1], onSent() {}, onReceived() {}, halfOpenMs: HALF_OPEN_MS });
}

test('lets go of a site that does not care that the page has gone', async (context) => {
  joinAll(context);
  context.page[0].end();
  await Promise.all([closed(context.page[1]), closed(context.site[1])]);
});

test('lets go of a page that does not care that the site has ended', async (context) => {
  joinAll(context);
  context.site[0].end();
  await Promise.all([closed(context.page[1]), closed(context.site[1])]);
});

test('joins nothing when one of them has gone already', async (context) => {
  context.page[1].destroy();
  joinAll(context);
  await Promise.all([closed(context.page[1]), closed(context.site[1])]);
});

test('a page gets what a site had sent before it was reset', async (context) => {
  joinAll(context);
  const [page] = context.page;
  const [site] = context.site;
  site.write('last words');
  assert.is(String(await read(page, 10)), 'last words');
  site.resetAndDestroy();
  await closed(context.page[1]);
  assert.is((await read(page, 1)).length, 0);
});

test.run();
