/**
 * Proxies on the way out, the operator's and clients': which traffic goes through which, what pages learn of them, and
 * what is said when one fails.
 */
import { createServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { deadline } from '../deadline.js';
import { run } from '../end-to-end/program.js';
import { atRest, ready, type Server, start } from '../end-to-end/server.js';
import { type OwnProxy, PASSWORD, startHttpProxy, startSocksProxy, USER } from './own-proxies.js';

interface Context {
  /** Shows the request that it got, for every name. */
  site: HttpServer;
  sitePort: number;
  web: OwnProxy;
  socks: OwnProxy;
}

const WAIT_MS = 20_000;
/** What bodies need for a plain context, and for one of Playwright's. */
const MAKES = [{}, { setExtraHTTPHeaders: { 'x-mine': 'yes' } }];

const test = suite<Context>('safety/proxies');

test.before.each(async (context) => {
  context.site = createServer(({ headers, rawHeaders }, response) => {
    response.setHeader('content-type', 'text/html');
    response.end(`<p>here is ${headers.host}</p><pre>${rawHeaders.join('\n')}</pre>`);
  });
  await new Promise<void>((resolve) => context.site.listen(0, '127.0.0.1', resolve));
  context.sitePort = (context.site.address() as AddressInfo).port;
  context.web = await startHttpProxy(context.sitePort);
  context.socks = await startSocksProxy(context.sitePort);
});
test.after.each(async ({ site, web, socks }) => {
  await Promise.all([web.close(), socks.close()]);
  site.closeAllConnections();
  await new Promise((resolve) => site.close(resolve));
});

async function withServer(settings: Readonly<Record<string, string>>, use: (server: Server) => Promise<void>) {
  const server = await start(settings);
  try {
    await ready(server);
    await use(server);
    await atRest(server);
  } finally {
    await server.stop();
  }
}

async function asked(server: Server, body: object, query = ''): Promise<readonly [number, string]> {
  const response = await server.post(`/content${query}`, body);
  return [response.status, await response.text()];
}

/** Checks a page that came; nothing else passes. */
function checkPage([status, text]: readonly [number, string], host: string): void {
  assert.is(status, 200, text);
  assert.match(text, `here is ${host}`);
  const login = Buffer.from(`${USER}:${PASSWORD}`).toString('base64');
  for (const secret of [PASSWORD, encodeURIComponent(PASSWORD), login, USER]) {
    assert.not.ok(text.toLowerCase().includes(secret.toLowerCase()), text);
  }
  assert.not.match(text, /proxy/i);
}

function checkFailed([status, text]: readonly [number, string], netError: string): void {
  assert.is(status, 502, text);
  const { code, message } = JSON.parse(text).error;
  assert.equal([code, message], ['NAVIGATION_FAILED', netError]);
}

test('the operator’s are used by port, and not for what goes without; pages do not learn of them', ({ web, socks }) =>
  withServer(
    { HTTP_PROXY: web.url, ALL_PROXY: socks.url, NO_PROXY: 'direct.invalid, .corp.invalid' },
    async (server) => {
      for (const make of MAKES) {
        checkPage(await asked(server, { url: 'http://far.test/', ...make }), 'far.test');
        checkPage(await asked(server, { url: 'http://far.test:8081/', ...make }), 'far.test:8081');
        assert.equal([web.asked.splice(0), socks.asked.splice(0)], [['far.test:80'], ['far.test:8081']]);
      }
      // The system's name servers are asked for these, and know none of them.
      const direct = ['direct.invalid', 'x.direct.invalid', 'corp.invalid', 'x.corp.invalid:81'];
      const unknown = direct.map((host) => asked(server, { url: `http://${host}/` }));
      for (const answer of await Promise.all(unknown)) checkFailed(answer, 'net::ERR_NAME_NOT_RESOLVED');
      assert.equal([web.asked, socks.asked], [[], []]);
      assert.not.ok(
        server.logged.some((line) => line.includes(PASSWORD) || line.includes(encodeURIComponent(PASSWORD))),
      );
    },
  ));

test('a proxy that refuses, or is not there, is what the session is told of', async ({ web, socks, sitePort }) => {
  const wrong = (url: string): string => url.replace(USER, 'stranger');
  const gone = await startHttpProxy(sitePort);
  await gone.close();
  const pairs = [
    [wrong(web.url), wrong(socks.url)],
    [gone.url, gone.url.replace('http:', 'https:')],
  ];
  for (const [HTTP_PROXY = '', HTTPS_PROXY = ''] of pairs) {
    await withServer({ HTTP_PROXY, HTTPS_PROXY }, async (server) => {
      for (const url of ['http://far.test/', 'http://far.test:81/']) {
        checkFailed(await asked(server, { url }), 'net::ERR_PROXY_CONNECTION_FAILED');
      }
    });
  }
  assert.equal([web.asked, socks.asked], [[], []]);
});

test('clients name their own, in each place for it; at once, each goes by its own', ({ web, socks }) =>
  withServer({ ALLOW_CLIENT_PROXY: 'true' }, async (server) => {
    const login = { username: USER, password: PASSWORD };
    const apart = (proxy: OwnProxy, scheme: string) => ({ server: `${scheme}://127.0.0.1:${proxy.port}`, ...login });
    for (const make of MAKES) {
      const url = (name: string): string => `http://${name}.test/`;
      const named = (key: string, value: string): string => `?${key}=${encodeURIComponent(value)}`;
      const answers = [
        asked(server, { url: url('a'), proxy: apart(web, 'http'), ...make }),
        asked(server, { url: url('b'), proxy: apart(socks, 'socks5'), ...make }),
        asked(server, { url: url('c'), ...make }, named('externalProxyServer', web.url)),
        asked(server, { url: url('d'), ...make }, named('--proxy-server', socks.url)),
      ];
      for (const [index, name] of ['a', 'b', 'c', 'd'].entries()) {
        const answer = await answers[index];
        assert.ok(answer);
        checkPage(answer, `${name}.test`);
      }
      assert.equal(web.asked.splice(0).sort(), ['a.test:80', 'c.test:80']);
      assert.equal(socks.asked.splice(0).sort(), ['b.test:80', 'd.test:80']);
      // The next session has no proxy.
      checkFailed(await asked(server, { url: 'http://next.invalid/', ...make }), 'net::ERR_NAME_NOT_RESOLVED');
    }
    assert.equal([web.asked, socks.asked], [[], []]);
  }));

test('without leave, a client’s is refused by the name that it has there', ({ web }) =>
  withServer({}, async (server) => {
    const url = 'http://far.test/';
    const answers = {
      proxy: await asked(server, { url, proxy: { server: web.url } }),
      externalProxyServer: await asked(server, { url }, `?externalProxyServer=${encodeURIComponent(web.url)}`),
      '--proxy-server': await asked(server, { url }, `?--proxy-server=${encodeURIComponent(web.url)}`),
    };
    for (const [key, [status, text]] of Object.entries(answers)) {
      assert.is(status, 400, text);
      assert.match(JSON.parse(text).error.message, key);
      assert.match(text, 'ALLOW_CLIENT_PROXY');
      assert.not.match(text, encodeURIComponent(PASSWORD));
    }
    assert.equal(web.asked, []);
  }));

test('a policy that a client’s proxy would get round stops the start', async () => {
  const settings = { PORT: '0', NETWORK_POLICY: 'public', ALLOW_CLIENT_PROXY: 'true' };
  const { exit, output } = run({ settings });
  assert.is(await deadline(exit, WAIT_MS, 'its end'), 1);
  assert.match(output(), 'ALLOW_CLIENT_PROXY');
  assert.match(output(), 'NETWORK_POLICY');
});

test.run();
