/**
 * The contrast of the page's colours, light and dark, by the formula of WCAG 2: text 4.5, what is drawn 3.
 */

import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';

const test = suite('page/colours');
const css = readFileSync('src/page/page.css', 'utf8');
const [light = '', dark = ''] = [...css.matchAll(/:root \{([^}]*)\}/g)].map((match) => match[1]);

const ON_GROUND = ['text', 'muted', 'danger', 'accent'];
const ON_CARD = [...ON_GROUND, 'successful', 'error', 'timedout', 'rejected', 'other', 'low', 'middle', 'high'];

function luminance(hex: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5]
    .map((at) => Number.parseInt(hex.slice(at, at + 2), 16) / 255)
    .map((part) => (part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one: string, other: string): number {
  const [low = 0, high = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}

test('the formula gives what is known', () => {
  assert.is(contrast('#000000', '#ffffff'), 21);
  assert.is(contrast('#767676', '#ffffff').toFixed(2), '4.54');
});

for (const [scheme, block] of Object.entries({ light, dark })) {
  test(`${scheme}: everything that is read stands out from what it is on`, () => {
    const colour = (name: string): string => {
      const found = new RegExp(`--${name}: (#[0-9a-f]{6});`).exec(block)?.[1];
      assert.ok(found, `--${name} in ${scheme}`);
      return found;
    };
    const pairs = [
      ...ON_GROUND.map((name) => [name, 'ground']),
      ...ON_CARD.map((name) => [name, 'card']),
      ['on-accent', 'accent'],
    ];
    for (const [front = '', back = ''] of pairs) {
      const found = contrast(colour(front), colour(back));
      assert.ok(found >= 4.5, `${front} on ${back}: ${found.toFixed(2)}`);
    }
    // Lines over the fills that they bound.
    for (const name of ['successful', 'rejected', 'error']) {
      const found = contrast(colour(name), colour(`${name}-fill`));
      assert.ok(found >= 1.8, `${name} over its fill: ${found.toFixed(2)}`);
    }
  });
}

test.run();
