/**
 * CDP over two FIFOs: paths in, messages as text out. Frames are JSON ended by NUL, as Chromium's
 * `--remote-debugging-pipe` wants them. Runs in a worker thread.
 */
import { closeSync, constants, openSync } from 'node:fs';
import { Socket } from 'node:net';
import type { PipeEndpoint } from '../../protocol/endpoint.js';

const NUL = 0;

export interface Pipe {
  send(message: object): void;
  close(): void;
  /** Set by whoever listens; called with JSON, in a task of its own. */
  onframe: (text: string) => void;
  /** Set by whoever listens; called once. */
  onclose: () => void;
}

/**
 * Opens both ends. Neither open blocks: main holds the FIFOs open until the worker has attached.
 * @throws {Error} ENOENT when the browser has gone meanwhile and its folder with it; nothing is left open.
 */
export function openPipe(endpoint: PipeEndpoint): Pipe {
  const reader = openEnd(endpoint.readPath, 'readable');
  let writer: Socket;
  try {
    writer = openEnd(endpoint.writePath, 'writable');
  } catch (error) {
    reader.destroy();
    throw error;
  }
  let isClosed = false;
  const end = (): void => {
    if (isClosed) return;
    isClosed = true;
    reader.destroy();
    writer.destroy();
    pipe.onclose();
  };
  // What is sent in one go is written in one go: each write wakes Chromium's thread at the other end.
  let unsent = '';
  const flush = (): void => {
    const text = unsent;
    unsent = '';
    if (!isClosed) writer.write(text);
  };
  const pipe: Pipe = {
    send(message) {
      if (unsent === '') process.nextTick(flush);
      unsent += `${JSON.stringify(message)}\0`;
    },
    close: end,
    onframe: () => {},
    onclose: () => {},
  };
  // An error is always followed by `close`, which is where the browser counts as lost; unheard it would end the thread.
  for (const socket of [reader, writer]) {
    socket.on('error', () => {});
    socket.on('close', end);
  }
  reader.on('end', end);
  reader.on('data', splitFrames(inTasks((frame) => isClosed || pipe.onframe(frame))));
  return pipe;
}

/** @throws {Error} when it cannot be opened; nothing is left open. */
function openEnd(path: string, direction: 'readable' | 'writable'): Socket {
  const isReadable = direction === 'readable';
  const fd = openSync(path, (isReadable ? constants.O_RDONLY : constants.O_WRONLY) | constants.O_NONBLOCK);
  try {
    return new Socket({ fd, readable: isReadable, writable: !isReadable });
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

/**
 * Hands each frame on in a task of its own. Frames come many in a chunk, and Playwright answers one by promises before
 * it is ready for the next: a page's frame tree, say, makes it listen for the contexts that the very next frame names.
 * Handed on in one go, that event was lost, and every wait on such a page hung until the session's limit.
 */
export function inTasks(onFrame: (frame: string) => void): (frame: string) => void {
  return (frame) => {
    setImmediate(onFrame, frame);
  };
}

/** Joins chunks and cuts them at NUL. A frame in many chunks (a screenshot) is joined once, not once a chunk. */
export function splitFrames(onFrame: (frame: string) => void): (chunk: Buffer) => void {
  let pending: Buffer[] = [];
  return (chunk) => {
    let start = 0;
    for (let end = chunk.indexOf(NUL); end !== -1; end = chunk.indexOf(NUL, start)) {
      const part = chunk.subarray(start, end);
      const frame = pending.length === 0 ? part : Buffer.concat([...pending, part]);
      pending = [];
      start = end + 1;
      onFrame(frame.toString('utf8'));
    }
    if (start < chunk.length) pending.push(chunk.subarray(start));
  };
}
