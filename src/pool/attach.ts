/**
 * The conversation about a shard's browser on its control port. Main thread.
 */
import type { MessagePort } from 'node:worker_threads';
import type { ControlMessage, ControlReply } from '../protocol/job.js';

/** Resolves when the worker is attached; rejects with its reason, or when the port closes because the thread died. */
export async function attachOver(
  control: MessagePort,
  message: ControlMessage,
  onLost: (generation: number) => void,
): Promise<void> {
  const { generation } = message.endpoint;
  control.removeAllListeners('message');
  await new Promise<void>((resolve, reject) => {
    const closed = (): void => reject(new Error('the thread died'));
    control.once('close', closed);
    control.on('message', (reply: ControlReply) => {
      // An answer about the browser before this one comes late and means nothing any more.
      if (reply.generation !== generation) return;
      control.removeListener('close', closed);
      if (reply.kind === 'attached') resolve();
      else if (reply.kind === 'attachFailed') reject(new Error(reply.message));
      else onLost(generation);
    });
    // Listening holds the process open; the server does that by its own means.
    control.unref();
    control.postMessage(message);
  });
}
