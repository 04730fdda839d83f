/**
 * What `/config` shows by browserless's names.
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { browserlessConfig } from '../../src/config/browserless-config.js';
import { parseConfig } from '../../src/config/parse.js';

const test = suite('config/browserless-config');

test('settings are shown by both their names, and a token is not', () => {
  const shown = browserlessConfig(
    parseConfig({
      CONCURRENT: '3',
      QUEUED: '4',
      TIMEOUT: '-1',
      CORS: 'true',
      PORT: '5',
      TOKEN: 'hunter2',
      DISABLED_FEATURES: '["killEndpoint"]',
    }).config,
  );
  assert.equal([shown['maxConcurrentSessions'], shown['concurrent']], [3, 3]);
  assert.equal([shown['maxQueueLength'], shown['queued']], [4, 4]);
  assert.equal([shown['connectionTimeout'], shown['timeout']], [-1, -1]);
  assert.equal([shown['enableCors'], shown['allowCORS']], [true, true]);
  assert.equal([shown['enableAPIGet'], shown['allowGetCalls']], [false, false]);
  assert.equal([shown['port'], shown['host'], shown['maxCPU'], shown['maxMemory']], [5, '127.0.0.1', 99, 99]);
  assert.equal(shown['disabledFeatures'], ['killEndpoint']);
  assert.is(shown['token'], '***');
  assert.not.match(JSON.stringify(shown), 'hunter2');
  assert.is(browserlessConfig(parseConfig({}).config)['token'], null);
});

test('no key is one of ours, and each has a value that JSON has', () => {
  const shown = browserlessConfig(parseConfig({}).config);
  for (const [key, value] of Object.entries(shown)) {
    assert.match(key, /^[a-z]/);
    assert.is.not(JSON.stringify({ key: value }), '{}', key);
  }
});

test.run();
