/**
 * Sessions without a browser, for tests and benches: one that does nothing, and ways in which a thread can die. Only
 * reached when the server was started with them switched on.
 */
import type { Outcome, TestOperation } from '../../protocol/job.js';

export async function runTest(operation: TestOperation): Promise<Outcome> {
  switch (operation) {
    case 'null':
      break;
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
  return {
    isOk: true,
    body: new Uint8Array(0),
    contentType: 'application/octet-stream',
    answer: null,
    phases: { context: 0, navigate: 0, run: 0 },
  };
}

function exhaust(): never {
  const held: unknown[] = [];
  for (;;) held.push(Array.from({ length: 1e5 }, () => ({})));
}
