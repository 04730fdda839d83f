/**
 * Authorities' files before certutil gets them, and certutil's database in a browser's home. With a real certutil and
 * browser: `test/faults/authorities.faults.ts`.
 */

import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { readAuthorities, writeAuthorities } from '../../src/browsers/certificates.js';

const test = suite('browsers/certificates');
const folder = mkdtempSync(join(tmpdir(), 'headcount-test-authorities-'));
const tempDir = join(folder, 'temp');
mkdirSync(tempDir);

test.after(() => rmSync(folder, { recursive: true }));

async function refusal(content: string | null): Promise<string> {
  const path = join(folder, 'some.pem');
  rmSync(path, { force: true });
  if (content !== null) writeFileSync(path, content);
  const error = await readAuthorities([path], tempDir).then(
    () => null,
    (one: Error) => one,
  );
  assert.equal(readdirSync(tempDir), []);
  return error?.message.replace(path, 'some.pem') ?? 'taken';
}

test('no files are no authorities; one that is missing or has no certificate is named', async () => {
  assert.is(await readAuthorities([], tempDir), null);
  assert.match(await refusal(null), 'EXTRA_CA_CERTS: some.pem cannot be read: ENOENT');
  for (const content of ['', 'x', '-----BEGIN CERTIFICATE-----\nAAAA', '-----BEGIN PUBLIC KEY-----\nAAAA\n']) {
    assert.is(await refusal(content), 'EXTRA_CA_CERTS: some.pem has no certificate in PEM', content);
  }
  const damaged = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';
  assert.is(
    await refusal(`${damaged}-----BEGIN CERTIFICATE-----\nAA`),
    'EXTRA_CA_CERTS: some.pem ends within a certificate',
  );
  assert.is(await refusal(`words\n${damaged}`), 'EXTRA_CA_CERTS: some.pem: certificate 1 of 1 is damaged');
});

test('a browser has the database in its own home, for itself only', () => {
  const home = join(folder, 'home');
  writeAuthorities({ files: new Map([['cert9.db', Buffer.from('certificates')]]), pems: [] }, home);
  const file = join(home, '.pki/nssdb/cert9.db');
  assert.is(readFileSync(file, 'utf8'), 'certificates');
  assert.is(statSync(file).mode & 0o777, 0o600);
  assert.is(statSync(join(home, '.pki')).mode & 0o777, 0o700);
});

test.run();
