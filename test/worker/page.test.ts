/**
 * Which context a session gets, by what it asks for.
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { needOf } from '../../src/worker/page.js';

const test = suite('worker/page');

test('a session that takes any certificate gets a context made so, in the make that it needs anyway', () => {
  const plain = { url: 'https://a.test', gotoOptions: {}, viewport: { width: 1, height: 1 } };
  assert.equal(needOf(plain, []), { kind: 'plain' });
  assert.equal(needOf({ ...plain, acceptInsecureCerts: true }, []), { kind: 'plain', isInsecure: true });
  assert.equal(needOf({ ...plain, acceptInsecureCerts: false }, []), { kind: 'plain' });
  const waiting = { ...plain, waitForTimeout: 1 };
  const ignoreHTTPSErrors = true;
  assert.equal(needOf(waiting, []), { kind: 'playwright', options: null });
  assert.equal(needOf({ ...waiting, acceptInsecureCerts: true }, []), {
    kind: 'playwright',
    options: { ignoreHTTPSErrors },
  });
  assert.equal(needOf({ url: plain.url, userAgent: 'x', acceptInsecureCerts: true }, []), {
    kind: 'playwright',
    options: { userAgent: 'x', ignoreHTTPSErrors },
  });
});

test.run();
