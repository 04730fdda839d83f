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

interface Wanted {
  readonly folder: string;
  /** The name of its files. */
  readonly name: string;
  /** Not given: it signs itself. */
  readonly issuer?: Certificate;
}

export function certificateFor(host: string, wanted: Wanted): Certificate {
  return make(wanted, `/CN=${host}`, ['basicConstraints=critical,CA:FALSE', `subjectAltName=DNS:${host}`]);
}

/** A certificate that may issue others. */
export function authority(wanted: Wanted): Certificate {
  return make(wanted, `/CN=Authority ${wanted.name}`, ['basicConstraints=critical,CA:TRUE', 'keyUsage=keyCertSign']);
}

function make({ folder, name, issuer }: Wanted, subject: string, extensions: readonly string[]): Certificate {
  const made = { cert: join(folder, `${name}.pem`), key: join(folder, `${name}.key`) };
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', made.key];
  const by = issuer ? ['-CA', issuer.cert, '-CAkey', issuer.key] : [];
  const all = extensions.flatMap((extension) => ['-addext', extension]);
  const args = ['req', '-x509', ...key, '-out', made.cert, '-days', '2', '-subj', subject, ...all, ...by];
  execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'pipe'] });
  return made;
}
