/**
 * The log: JSON lines on stdout, readable lines when stdout is a terminal. The one door to pino. Tokens never get here:
 * nobody logs a URL, a header or a body.
 */
import { type Logger, pino } from 'pino';
import pretty from 'pino-pretty';

export type Log = Pick<Logger, 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal'>;

export function createLog({ level, isTerminal }: { readonly level: string; readonly isTerminal: boolean }): Log {
  const options = { level, base: null };
  return isTerminal ? pino(options, pretty({ translateTime: 'HH:MM:ss', singleLine: true })) : pino(options);
}
