/**
 * Sessions without a browser, for tests and benches: one does nothing, one tells what its thread holds, others end the
 * thread in various ways. Reached only when the server was started with them switched on.
 */
import { takeCensus } from '../../census.js';
import type { Bytes } from '../../protocol/job.js';
import type { TestBody } from '../../protocol/jobs/test.js';
import type { Shard } from '../shard.js';
import { toBytes } from './bytes.js';

export async function runTest(shard: Pick<Shard, 'census'>, { operation }: TestBody): Promise<Bytes> {
  switch (operation) {
    case 'null':
      return { body: new Uint8Array(0), contentType: 'application/octet-stream' };
    case 'census': {
      const told = { ...(await takeCensus()), connection: shard.census().at(-1) ?? null };
      return { body: toBytes(JSON.stringify(told), 'utf8'), contentType: 'application/json' };
    }
    case 'exit':
      return process.exit(3);
    case 'throw':
      setImmediate(() => {
        throw new Error('thrown on purpose');
      });
      return await new Promise(() => {});
    case 'reject':
      void Promise.reject(new Error('rejected on purpose'));
      return await new Promise(() => {});
    case 'oom':
      return exhaust();
    case 'spin':
      for (;;);
  }
}

function exhaust(): never {
  const held: unknown[] = [];
  for (;;) held.push(Array.from({ length: 1e5 }, () => ({})));
}
