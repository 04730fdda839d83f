import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { nearest } from '../src/nearest.js';

const test = suite('nearest');
const NAMES = ['url', 'html', 'viewport', 'gotoOptions'];

test('takes a slip for the name that was meant', () => {
  for (const [written, meant] of [
    ['ulr', 'url'],
    ['htm', 'html'],
    ['viewprot', 'viewport'],
    ['goToOptions', 'gotoOptions'],
    ['uurl', 'url'],
  ] as const) {
    assert.is(nearest(written, NAMES), meant, written);
  }
});

test('takes nothing for a name that is too far from all', () => {
  for (const written of ['', 'u', 'lru', 'port', 'x'.repeat(65)])
    assert.is(nearest(written, NAMES), undefined, written);
});

test.run();
