/**
 * What is said of fonts: once, whichever threads look for them.
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createFontNotice } from '../../src/server/fonts.js';

const test = suite('server/fonts');

function noticed() {
  const said: unknown[] = [];
  const say =
    (level: string) =>
    (...given: unknown[]): void =>
      void said.push([level, ...given.filter((one) => typeof one === 'object')]);
  return { said, notice: createFontNotice({ warn: say('warn'), debug: say('debug') }) };
}

test('says what is missing once, with each package once', () => {
  const { said, notice } = noticed();
  for (let i = 0; i < 2; i++) notice({ isKnown: true, missing: ['Chinese', 'Korean', 'Thai'] });
  const packages = ['fonts-noto-cjk', 'fonts-noto-core'];
  assert.equal(said, [['warn', { missing: ['Chinese', 'Korean', 'Thai'], packages }]]);
});

test('what cannot be told is no warning, and a thread that can tell is heard still', () => {
  const { said, notice } = noticed();
  notice({ isKnown: false, message: 'the browser is gone' });
  notice({ isKnown: true, missing: ['Thai'] });
  assert.equal(said, [
    ['debug', { message: 'the browser is gone' }],
    ['warn', { missing: ['Thai'], packages: ['fonts-noto-core'] }],
  ]);
});

test('where nothing is missing nothing is warned of', () => {
  const { said, notice } = noticed();
  notice({ isKnown: true, missing: [] });
  assert.equal(said, [['debug']]);
});

test.run();
