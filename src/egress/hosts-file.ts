/**
 * Names that this machine knows by itself: localhost, and the hosts file, which is read again when it has changed.
 */
import { readFile, stat } from 'node:fs/promises';
import { type Address, parseAddress } from './addresses.js';

export interface HostsFile {
  /**
   * None when this machine does not know the name. Never rejects: without a file, only the names of loopback are known.
   */
  lookup(name: string): Promise<readonly Address[]>;
}

/** A larger file is treated as missing. */
const FILE_BYTES_MAX = 8 * 1_024 * 1_024;
const LOOPBACK = ['127.0.0.1', '::1'].flatMap((text) => parseAddress(text) ?? []);

export function createHostsFile(path = '/etc/hosts'): HostsFile {
  let mark = '';
  let names: Promise<ReadonlyMap<string, readonly Address[]>> = Promise.resolve(new Map());
  return {
    async lookup(name) {
      // Whatever the file says about them, because Chromium does not ask it either.
      if (name === 'localhost' || name.endsWith('.localhost')) return LOOPBACK;
      const found = await stat(path).catch(() => null);
      const now = found === null || found.size > FILE_BYTES_MAX ? '' : `${found.ino} ${found.size} ${found.mtimeMs}`;
      if (now !== mark) {
        mark = now;
        names = now === '' ? Promise.resolve(new Map()) : read(path);
      }
      return (await names).get(name) ?? [];
    },
  };
}

async function read(path: string): Promise<ReadonlyMap<string, readonly Address[]>> {
  const names = new Map<string, Address[]>();
  const text = await readFile(path, 'utf8').catch(() => '');
  for (const line of text.split('\n')) {
    const [first = '', ...hosts] = line.replace(/#.*/, '').trim().split(/\s+/);
    const address = parseAddress(first);
    if (!address) continue;
    for (const host of hosts) {
      const name = host.toLowerCase();
      names.set(name, [...(names.get(name) ?? []), address]);
    }
  }
  return names;
}
