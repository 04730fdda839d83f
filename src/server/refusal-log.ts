/**
 * A line in the log for each request that was refused before it became a session. Anybody can send any number of them,
 * so only some are logged each second, and then how many were left out. Main thread.
 */
import type { Clock } from '../clock.js';
import type { RefusedRequest } from '../http/refused.js';
import type { Log } from '../log.js';
import type { Shown } from './shown.js';

const LINES_A_SECOND = 10;
const SECOND_MS = 1_000;

export interface RefusalLogOptions {
  readonly log: Pick<Log, 'info'>;
  readonly shown: Shown;
  readonly clock: Clock;
}

export function createRefusalLog({ log, shown, clock }: RefusalLogOptions): (refused: RefusedRequest) => void {
  let lines = 0;
  let leftOut = 0;
  const nextSecond = (): void => {
    if (leftOut > 0) log.info({ leftOut }, 'requests refused, without a line each');
    lines = 0;
    leftOut = 0;
  };
  return ({ message, ...facts }) => {
    if (lines === 0 && leftOut === 0) clock.after(SECOND_MS, nextSecond);
    if (lines >= LINES_A_SECOND) {
      leftOut++;
      return;
    }
    lines++;
    log.info({ ...facts, message: shown.messageOf(message) }, 'request refused');
  };
}
