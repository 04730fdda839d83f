/**
 * The pages for users say what the tables in the code say, and name nothing that is not there.
 */

import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { SESSION_FAILURE_REASONS } from '../src/failures.js';
import { pathsOf, ROUTES } from '../src/http/interface.js';
import { JOB_KINDS, JOBS } from '../src/protocol/jobs/jobs.js';
import { PAGES, withTables } from './readme.js';

const test = suite('readme');
const readme = readFileSync('README.md', 'utf8');
const details = readFileSync('src/http/README.md', 'utf8');
/** What a stranger reads once: without the tables, which nobody reads but where they need them. */
const LINES_MAX = 200;

for (const page of Object.keys(PAGES)) {
  test(`${page} has its tables as the code has them; if not: npm run docs`, () => {
    const text = readFileSync(page, 'utf8');
    assert.is(withTables(page, text), text);
  });
}

test('notices a table that is not as the code has it', () => {
  const changed = readme.replace('| `successful` |', '| `succesful` |');
  assert.is.not(changed, readme);
  assert.is(withTables('README.md', changed), readme);
});

test('is read in one go: short but for its tables', () => {
  const own = readme.replace(/^<!-- (\w+) -->\n[\s\S]*?^<!-- \/\1 -->\n/gm, '').split('\n');
  assert.ok(own.length < readme.split('\n').length);
  assert.ok(own.length <= LINES_MAX, `${own.length} lines`);
});

test('names every route', () => {
  const paths = pathsOf(ROUTES, { apiGet: false, testSessions: false });
  for (const path of paths.filter((one) => !/^\/chrom/.test(one))) assert.ok(readme.includes(`\`${path}\``), path);
});

test('every key of every body is explained, and every reason', () => {
  const coded = [...details.replace(/^```[\s\S]*?^```/gm, '').matchAll(/`([^`]+)`/g)].map(([, code]) => code).join(' ');
  const isNamed = (name: string): boolean => new RegExp(`(^|\\W)${name}(\\W|$)`).test(coded);
  for (const kind of JOB_KINDS) {
    const { properties } = JOBS[kind].body;
    const options: object = 'options' in properties ? properties.options.properties : {};
    for (const key of [...Object.keys(properties), ...Object.keys(options)]) assert.ok(isNamed(key), `${kind}: ${key}`);
  }
  // A browser that a session has to itself cannot be asked for.
  for (const reason of SESSION_FAILURE_REASONS.filter((one) => one !== 'launch')) assert.ok(isNamed(reason), reason);
  assert.not.ok(isNamed('no_such_key'));
});

test('names the scripts of package.json, and only those', () => {
  const { scripts }: { scripts: Record<string, string> } = JSON.parse(readFileSync('package.json', 'utf8'));
  const map = readFileSync('src/README.md', 'utf8');
  const listed = [...map.matchAll(/^\| `([\w:]+)` \|/gm)].map(([, name = '']) => name);
  for (const name of Object.keys(scripts).filter((one) => one.startsWith('test:'))) assert.ok(listed.includes(name));
  const run = [...`${readme}${map}`.matchAll(/npm (?:run (?:--silent )?([\w:]+)|(start|test)\b)/g)];
  assert.ok(run.length > 3);
  for (const [, name, short = name] of run) assert.ok(short !== undefined && short in scripts, short);
});

test.run();
