/**
 * The routes that run sessions, over a real socket, with sessions that end as they are told to.
 */

import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ROUTES, routesOf } from '../../src/http/interface.js';
import { sessionHandlers } from '../../src/http/sessions.js';
import type { NavigationAnswer } from '../../src/protocol/job.js';
import { type Served, serve, TOKEN } from './served.js';

interface Scene {
  served: Served;
  /** What the page's server has said. */
  navigation: NavigationAnswer;
}

const test = suite<Scene>('http/sessions');
const NAVIGATION: NavigationAnswer = { url: 'http://a.test/', status: 200, statusText: 'OK', ip: '::1', port: 80 };

test.before.each(async (scene) => {
  scene.navigation = NAVIGATION;
  const { content } = sessionHandlers({
    submit: async () => ({
      outcome: {
        isOk: true,
        product: { body: Buffer.from('made'), contentType: 'text/html' },
        answer: scene.navigation,
        phases: { context: 1, navigate: 1, run: 1 },
      },
      queueMs: 0,
    }),
    runOf: () => ({
      resource: { isReady: () => true, isHopeless: () => false },
      start() {
        throw new Error('nothing is run here');
      },
    }),
    limits: { waitMs: null, runMs: null },
    maxTimeoutMs: null,
    maxPayloadBytes: 1_000,
    onIgnored: () => {},
  });
  scene.served = await serve(
    routesOf({ content: ROUTES.content }, { content }, { apiGet: false, testSessions: false }),
  );
});
test.after.each((scene) => scene.served.close());

function post({ served }: Scene): Promise<Response> {
  const headers = { authorization: `Bearer ${TOKEN}`, 'content-type': 'text/html' };
  return fetch(`${served.url}/content`, { method: 'POST', headers, body: '<p>' });
}

test("what a page's server said is told, and written as in a URL where a header cannot hold it", async (scene) => {
  scene.navigation = { ...NAVIGATION, statusText: 'Très 🎉 \ud83c\r\nx: y', url: 'http://a.test/é' };
  const { status, headers } = await post(scene);
  assert.is(status, 200);
  assert.is(headers.get('x-response-status'), 'Tr%C3%A8s %F0%9F%8E%89 %EF%BF%BD%0D%0Ax: y');
  assert.is(headers.get('x-response-url'), 'http://a.test/%C3%A9');
  assert.is(headers.get('x-response-ip'), '::1');
});

test("whatever a page's server says, its session is answered", async (scene) => {
  const units = fc.array(fc.oneof(fc.integer({ min: 0, max: 0xffff }), fc.integer({ min: 0xd800, max: 0xdfff })));
  const said = fc.oneof(
    units.map((codes) => String.fromCharCode(...codes)),
    fc.string({ unit: 'binary' }),
    fc.constantFrom('🎉'.repeat(20_000), 'é'.repeat(20_000), ' '.repeat(20_000)),
  );
  const answers = fc.record({ url: said, statusText: said, ip: fc.option(said), status: fc.nat(), port: fc.nat() });
  await fc.assert(
    fc.asyncProperty(answers, async (navigation) => {
      scene.navigation = navigation;
      const response = await post(scene);
      assert.equal([response.status, await response.text()], [200, 'made']);
    }),
    { numRuns: 200 },
  );
  assert.equal(scene.served.errors, []);
});

test.run();
