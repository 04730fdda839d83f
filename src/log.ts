/**
 * The log: JSON lines on stdout, readable lines when stdout is a terminal. The one door to pino. Tokens never get here,
 * because nobody logs a URL, a header or a body.
 */
import { destination, type Logger, pino } from 'pino';
import pretty from 'pino-pretty';

export type Log = Pick<Logger, 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal'>;

/** So much of what could not be written is kept until it can be. What comes beyond that is lost. */
const UNWRITTEN_BYTES_MAX = 1_048_576;

export function createLog({ level, isTerminal }: { readonly level: string; readonly isTerminal: boolean }): Log {
  const options = { level, base: null };
  if (isTerminal) return pino(options, pretty({ translateTime: 'HH:MM:ss', singleLine: true }));
  const stdout = destination({ dest: 1, sync: true, maxLength: UNWRITTEN_BYTES_MAX });
  // The disk is full, or the reader has gone. Without this listener the error would end the server, which has more to
  // do than to log.
  stdout.on('error', () => {});
  return pino(options, stdout);
}
