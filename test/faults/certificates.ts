/**
 * Certificates by the real openssl, for servers of tests.
 */

import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

/** Paths of PEM files. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

const KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

/** Makes files of that name in `folder`; by nobody but itself, or by an `issuer`. */
export function certificateFor(host: string, folder: string, name: string, issuer?: Certificate): Certificate {
  const made = { cert: join(folder, `${name}.pem`), key: join(folder, `${name}.key`) };
  const files = ['-keyout', made.key, '-out', made.cert];
  const by = issuer ? ['-CA', issuer.cert, '-CAkey', issuer.key] : [];
  const names = ['-subj', `/CN=${host}`, '-addext', `subjectAltName=DNS:${host}`];
  const use = ['-addext', 'basicConstraints=critical,CA:FALSE'];
  openssl('req', '-x509', ...KEY, ...files, '-days', '2', ...names, ...use, ...by);
  return made;
}

function openssl(...args: readonly string[]): void {
  execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'pipe'] });
}
