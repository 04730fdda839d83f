/**
 * What the operator is told of sessions and requests: how much of targets is shown, lines in the log, the last
 * failures. Main thread.
 */
import type { Clock } from '../clock.js';
import type { Config } from '../config/settings.js';
import type { Log } from '../log.js';
import { createRefusalLog } from './refusal-log.js';
import { type BytesOf, createSessionLog } from './session-log.js';
import { createShown } from './shown.js';

export interface ToldOptions {
  readonly config: Pick<Config, 'logTargets' | 'token'>;
  readonly log: Log;
  readonly clock: Clock;
  readonly bytesOf: BytesOf;
}

export type Told = ReturnType<typeof createTold>;

export function createTold({ config, log, clock, bytesOf }: ToldOptions) {
  const shown = createShown(config.logTargets, config.token);
  const parts = { log, shown, clock, bytesOf };
  return { shown, bytesOf, refused: createRefusalLog(parts), ...createSessionLog(parts) };
}
