/**
 * The egress thread's ears: takes what main and the workers ask for, and answers. The exits of a worker that has gone
 * are closed.
 */
import type { MessagePort } from 'node:worker_threads';
import type { EgressToWorker, MainToEgress, WorkerToEgress } from '../protocol/egress.js';
import type { Egress } from './egress.js';

export function serveMain(main: MessagePort, egress: Egress): void {
  main.on('message', (message: MainToEgress) => {
    switch (message.kind) {
      case 'worker':
        return serveWorker(message.port, egress);
      case 'listeners':
        return egress.setListeners(message.ports);
    }
  });
}

function serveWorker(port: MessagePort, egress: Egress): void {
  const exits = new Set<number>();
  let isClosed = false;
  // Does nothing when the port has closed.
  const answer = (message: EgressToWorker): void => port.postMessage(message);

  const open = async (call: number): Promise<void> => {
    try {
      const opened = await egress.open({
        onFate: (exit, { host, port: to }, fate) => answer({ kind: 'fate', exit, host, port: to, fate }),
        onOver: (exit) => answer({ kind: 'over', exit }),
      });
      if (isClosed) return egress.close(opened.exit);
      exits.add(opened.exit);
      answer({ kind: 'opened', call, ...opened });
    } catch (error) {
      answer({ kind: 'failed', call, message: error instanceof Error ? error.message : String(error) });
    }
  };

  port.on('message', (message: WorkerToEgress) => {
    switch (message.kind) {
      case 'open':
        void open(message.call);
        return;
      case 'close':
        exits.delete(message.exit);
        return egress.close(message.exit);
      case 'proxy':
        return egress.setProxy(message.exit, message.proxy);
      case 'hear':
        return answer({ kind: 'heard', call: message.call });
    }
  });
  port.on('close', () => {
    isClosed = true;
    for (const exit of exits) egress.close(exit);
  });
}
