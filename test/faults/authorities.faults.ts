/**
 * Authorities that are trusted besides Chromium's own, with a real certutil. Their certificates are taken for the right
 * names, and nothing else is.
 */

import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { deadline, until } from '../deadline.js';
import { run } from '../end-to-end/program.js';
import { ready, type Server, start } from '../end-to-end/server.js';
import { authority, type Certificate, certificateFor } from './certificates.js';
import { needs } from './needs.js';
import { type SecureSite, startSecureSite } from './secure-site.js';

const test = suite('faults/authorities');
const trustTest = needs(test, { tools: ['openssl', 'certutil'] });
const opensslTest = needs(test, { tools: ['openssl'] });
const WAIT_MS = 20_000;
const folder = mkdtempSync(join(tmpdir(), 'headcount-test-authorities-'));

test.after(() => rmSync(folder, { recursive: true }));

async function outcome({ post }: Server, url: string): Promise<string> {
  const response = await deadline(post('/content', { url }), WAIT_MS, 'a session');
  const text = await response.text();
  if (response.status === 200) return text;
  const { error }: { error: { code: string; message: string } } = JSON.parse(text);
  return `${error.code} ${error.message}`;
}

/** Calls `use` with a site for each certificate, on a port of its own. */
async function withSites(certificates: readonly Certificate[], use: (sites: SecureSite[]) => Promise<void>) {
  const sites = await Promise.all(certificates.map((certificate) => startSecureSite(certificate)));
  try {
    await use(sites);
  } finally {
    for (const site of sites) await site.close();
  }
}

trustTest(
  'what the authorities have issued is taken, under its name only; also by a browser that comes later',
  async () => {
    const [one, two, three, stranger] = ['one', 'two', 'three', 'stranger'].map((name) => authority({ folder, name }));
    assert.ok(one && two && three && stranger);
    // Two in a file, with words around them, and one in a file of its own.
    writeFileSync(join(folder, 'both.pem'), `# The first\n${readFileSync(one.cert, 'utf8')}\n# and another\n`);
    appendFileSync(join(folder, 'both.pem'), readFileSync(two.cert));
    const issued = [one, two, three, stranger].map((issuer, i) =>
      certificateFor('site.localhost', { folder, name: `site-${i}`, issuer }),
    );
    const server = await start({ WORKERS: '1', EXTRA_CA_CERTS: `${join(folder, 'both.pem')}, ${three.cert}` });
    try {
      await ready(server);
      await withSites(issued, async (sites) => {
        const checked = async (): Promise<void> => {
          const outcomes = await Promise.all(sites.map((site) => outcome(server, site.url('site.localhost', '/here'))));
          for (const text of outcomes.slice(0, 3)) assert.match(text, '<p>/here');
          assert.is(outcomes[3], 'NAVIGATION_FAILED net::ERR_CERT_AUTHORITY_INVALID');
          const others = await Promise.all(
            sites.slice(0, 3).map((site) => outcome(server, site.url('other.localhost'))),
          );
          for (const text of others) assert.is(text, 'NAVIGATION_FAILED net::ERR_CERT_COMMON_NAME_INVALID');
        };
        await checked();
        const [pid] = server.headcount.browserPids();
        process.kill(-(pid ?? 0), 'SIGKILL');
        const isAnother = (): boolean => ![pid, null].includes(server.headcount.browserPids()[0]);
        await until(isAnother, WAIT_MS, 'another browser');
        await ready(server);
        await checked();
      });
    } finally {
      await server.stop();
    }
  },
);

/** A start with these files, which has to fail. Checks what it says, and that nothing is left of it. */
async function refusal(files: string, path = process.env['PATH'] ?? ''): Promise<string> {
  const tempDir = mkdtempSync(join(folder, 'temp-'));
  const settings = { PORT: '0', METRICS_FILE: 'none', TMPDIR: tempDir, CHROMIUM_PATH: process.execPath, PATH: path };
  const started = run({ settings: { ...settings, EXTRA_CA_CERTS: files } });
  try {
    assert.is(await deadline(started.exit, WAIT_MS, 'the end'), 1);
  } finally {
    started.child.kill('SIGKILL');
  }
  assert.equal(readdirSync(tempDir), []);
  return started.output();
}

opensslTest('a file that is missing or none stops the start by its name, and so does a lack of certutil', async () => {
  const { cert, key } = authority({ folder, name: 'good' });
  assert.match(await refusal('/no/such.pem'), 'EXTRA_CA_CERTS: /no/such.pem cannot be read');
  assert.match(await refusal(folder), `EXTRA_CA_CERTS: ${folder} cannot be read`);
  assert.match(await refusal(`${cert},${key}`), `EXTRA_CA_CERTS: ${key} has no certificate in PEM`);
  const damaged = join(folder, 'damaged.pem');
  const [begin = '', ...rest] = readFileSync(cert, 'utf8').split('\n');
  writeFileSync(damaged, [readFileSync(cert, 'utf8') + begin, 'AAAA', ...rest].join('\n'));
  assert.match(await refusal(damaged), `EXTRA_CA_CERTS: ${damaged}: certificate 2 of 2 is damaged`);
  assert.match(await refusal(cert, '/nowhere'), 'EXTRA_CA_CERTS needs certutil, from the package libnss3-tools');
});

test.run();
