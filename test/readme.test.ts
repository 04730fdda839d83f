/**
 * README.md says what the tables in the code say, and names nothing that is not there.
 */

import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { pathsOf, ROUTES } from '../src/http/interface.js';
import { withTables } from './readme.js';

const test = suite('readme');
const readme = readFileSync('README.md', 'utf8');

test('has the tables of settings, columns and metrics as the code has them; if not: npm run docs', () => {
  assert.is(withTables(readme), readme);
});

test('notices a table that is not as the code has it', () => {
  const changed = readme.replace('| `successful` |', '| `succesful` |');
  assert.is.not(changed, readme);
  assert.is(withTables(changed), readme);
});

test('names every route', () => {
  const paths = pathsOf(ROUTES, { apiGet: false, testSessions: false });
  for (const path of paths.filter((one) => !/^\/chrom/.test(one))) assert.ok(readme.includes(`\`${path}\``), path);
});

test('names the scripts of package.json, and only those', () => {
  const { scripts }: { scripts: Record<string, string> } = JSON.parse(readFileSync('package.json', 'utf8'));
  const named = [...readme.matchAll(/npm (?:run )?(start|test\b(?!:)|[a-z]+:[a-z]+|bench|check|docs|build)/g)];
  assert.ok(named.length > 0);
  for (const [, name = ''] of named) assert.ok(name in scripts, name);
});

test.run();
