/**
 * Every link of every page leads somewhere, in a clone and in the package that npm makes.
 */

import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { posix } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { anchorsOf, linksOf } from './markdown.js';
import { readPages } from './pages.js';

const test = suite('readme/links');
const PAGES = readPages();
const LINE_COLUMNS_MAX = 120;

interface Link {
  readonly page: string;
  /** The file or folder that it leads to, from the root. */
  readonly path: string;
  readonly anchor: string | undefined;
}

function relativeLinks(page: string, text: string): Link[] {
  return linksOf(text)
    .filter((target) => !/^[a-z]+:/.test(target))
    .map((target) => {
      const [path = '', anchor] = target.split('#');
      const to = path === '' ? page : posix.join(posix.dirname(page), path);
      return { page, path: to, anchor };
    });
}

function isDead({ path, anchor }: Link): boolean {
  if (!existsSync(path)) return true;
  return anchor !== undefined && !anchorsOf(PAGES.get(path) ?? '').includes(anchor);
}

const links = [...PAGES].flatMap(([page, text]) => relativeLinks(page, text));

test('every link leads to a file that is there, and to a heading of it', () => {
  assert.ok(links.length > 30);
  assert.equal(links.filter(isDead), []);
});

test('a link is dead when its file or its heading is not there', () => {
  const text =
    '# A `b`, c?\n\n[1](#a-b-c) [two\nlines](page.md#a) ![3](pictures/3.png) `[4](no)`\n```sh\n[5](no)\n```\n# A b c\n';
  assert.equal(linksOf(text), ['#a-b-c', 'page.md#a', 'pictures/3.png']);
  assert.equal(anchorsOf(text), ['a-b-c', 'a-b-c-1']);
  const bad = ['no.md', '#no-heading', '../README.md#no-heading', '../no-folder'];
  const good = ['README.md', 'page', '../README.md#who-may-use-it-and-what-may-pages-reach', 'https://example.com/x'];
  const found = relativeLinks('src/README.md', [...bad, ...good].map((target) => `[x](${target})`).join('\n'));
  assert.is(found.filter(isDead).length, bad.length);
});

test('what a page of the package links to is in the package', () => {
  const packed = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], { encoding: 'utf8' });
  const [{ files }]: [{ files: { path: string }[] }] = JSON.parse(packed);
  const paths = files.map(({ path }) => path);
  assert.ok(paths.includes('README.md'));
  const isPacked = (path: string): boolean => paths.some((one) => one === path || one.startsWith(`${path}/`));
  const lost = links.filter(({ page, path }) => paths.includes(page) && !isPacked(posix.normalize(path)));
  assert.equal(lost, []);
});

test('lines of text are at most 120 columns', () => {
  const long = [...PAGES].flatMap(([page, text]) =>
    text.split('\n').flatMap((line, index) => {
      const isText = !line.startsWith('|');
      return isText && line.length > LINE_COLUMNS_MAX ? [`${page}:${index + 1}`] : [];
    }),
  );
  assert.equal(long, []);
});

test.run();
