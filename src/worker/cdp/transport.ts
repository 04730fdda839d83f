/**
 * CDP over two FIFOs. In: paths; out: messages as bytes. Frames are JSON ended by NUL, as Chromium's
 * `--remote-debugging-pipe` wants them. Runs in a worker thread.
 */
import { closeSync, constants, openSync } from 'node:fs';
import { Socket } from 'node:net';
import type { PipeEndpoint } from '../../protocol/endpoint.js';
import { isNobodys } from './needs.js';
import { splitFrames } from './split.js';

/** Only a picture of 100 million pixels of noise is larger, and nothing else that anybody has asked for. */
const FRAME_BYTES_MAX = 256 * 2 ** 20;

export interface Pipe {
  send(message: object): void;
  /** Writes text that is JSON already. */
  write(json: string): void;
  /** How much Chromium has not read yet. */
  backlogBytes(): number;
  close(): void;
  /** Set by the listener; called with JSON. */
  onframe: (frame: Buffer) => void;
  /** Set by the listener: something has come, perhaps only a part of a frame. */
  onchunk: () => void;
  /** Set by the listener; see `SplitOptions`. */
  ongiant: (ends: Buffer) => void;
  /** Set by the listener: Chromium has read all that there was. */
  ondrain: () => void;
  /** Set by the listener; called once. */
  onclose: () => void;
  /** Set by the listener: also keeps frames that nobody here needs. */
  keepsAll: boolean;
}

/**
 * Opens both ends. Neither open blocks, because main holds the FIFOs open until the worker has attached.
 * @throws {Error} ENOENT when the browser and its folder have gone meanwhile; nothing is left open.
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
  // What is sent in one turn is written in one go, because each write wakes Chromium's thread at the other end.
  let unsent = '';
  const flush = (): void => {
    const text = unsent;
    unsent = '';
    if (!isClosed) writer.write(text);
  };
  const pipe: Pipe = {
    send: (message) => pipe.write(JSON.stringify(message)),
    write(json) {
      if (unsent === '') process.nextTick(flush);
      unsent += `${json}\0`;
    },
    backlogBytes: () => unsent.length + writer.writableLength,
    close: end,
    onframe: () => {},
    onchunk: () => {},
    ongiant: () => {},
    ondrain: () => {},
    onclose: () => {},
    keepsAll: false,
  };
  // `close` follows every error, and there the browser counts as lost. Without this listener, the error would end the
  // thread.
  for (const socket of [reader, writer]) {
    socket.on('error', () => {});
    socket.on('close', end);
  }
  reader.on('end', end);
  const onFrame = (frame: Buffer): void => pipe.onframe(frame);
  const onGiant = (ends: Buffer): void => pipe.ongiant(ends);
  writer.on('drain', () => pipe.ondrain());
  const isUseless = (start: Buffer): boolean => !pipe.keepsAll && isNobodys(start);
  const split = splitFrames({ bytesMax: FRAME_BYTES_MAX, isUseless, onFrame, onGiant });
  reader.on('data', (chunk: Buffer) => {
    pipe.onchunk();
    split(chunk);
  });
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
