/**
 * What a test needs and a machine lacks.
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { lackingOf } from './needs.js';

const test = suite('faults/needs');
const PATH = process.env['PATH'] ?? '';
const HERE = process.cwd();

test('root is who has the user id 0, and nobody where there are no users', () => {
  assert.equal(lackingOf({ root: true }, { uid: 0, path: '' }), []);
  assert.equal(lackingOf({ root: true }, { uid: 1000, path: PATH }), ['root']);
  assert.equal(lackingOf({ root: true }, { uid: undefined, path: PATH }), ['root']);
});

test('tools are looked for on the path, files where they are said to be', () => {
  const wanted = { tools: ['sh', 'no-such-tool'], files: [`${HERE}/package.json`, '/no/such/file'] };
  assert.equal(lackingOf(wanted, { uid: 0, path: PATH }), ['no-such-tool', '/no/such/file']);
  assert.equal(lackingOf({ tools: ['sh'] }, { uid: 0, path: '/nowhere' }), ['sh']);
  assert.equal(lackingOf({ tools: ['package.json'] }, { uid: 0, path: HERE }), ['package.json'], 'no program');
  assert.equal(lackingOf({}, { uid: 1000, path: '' }), []);
});

test.run();
