/**
 * The cage in which browsers are started. It is tried once for each Chromium that was found, and the log says what came
 * of it. Main thread.
 */
import { readFileSync } from 'node:fs';
import { type Cage, cagesFor } from '../browsers/cage.js';
import { findMeans } from '../browsers/launch.js';
import { spawnBrowser } from '../browsers/spawn.js';
import { type Found, findCage } from '../browsers/trial.js';
import type { Chromium } from '../chromium/discover.js';
import type { Clock } from '../clock.js';
import type { DeadEnd } from '../egress/dead-end.js';
import type { Log } from '../log.js';
import { createOnce } from '../wait.js';
import type { TempFolder } from './temp.js';

/** Doubled each time that nothing answers, because a machine may be slow. */
const ANSWER_LIMIT_MS = 20_000;
const ANSWER_LIMIT_DOUBLINGS = 3;
const ACCOUNTS = ['/etc/passwd', '/etc/group'];

export interface Cages {
  /**
   * The cage that works for this Chromium. Calls at the same time share one trial. Rejects when none works; the next
   * call tries anew.
   */
  of(chromium: Chromium): Promise<Cage>;
  /** Ends a trial, and resolves when nothing of it is left. */
  stop(): Promise<void>;
}

export interface CagesOptions {
  readonly temp: Pick<TempFolder, 'path' | 'ensure'>;
  readonly environment: Readonly<Record<string, string>>;
  readonly deadEnd: Pick<DeadEnd, 'port'>;
  readonly clock: Clock;
  readonly log: Log;
}

export function createCages(options: CagesOptions): Cages {
  const { temp, environment, deadEnd, clock, log } = options;
  const stop = createOnce();
  let tried: { readonly chromium: Chromium; readonly cage: Promise<Cage> } | null = null;
  let failures = 0;

  const find = async (chromium: Chromium): Promise<Cage> => {
    await temp.ensure();
    const limitMs = ANSWER_LIMIT_MS * 2 ** Math.min(failures, ANSWER_LIMIT_DOUBLINGS);
    const found = await findCage({
      cages: cagesFor(process.getuid?.(), ACCOUNTS.map(textOf), await findMeans()),
      spawn: (cage) =>
        spawnBrowser({
          chromium,
          cage,
          tempDir: temp.path,
          environment,
          deadEndPort: deadEnd.port,
          authorities: null,
          isOutOfMemory: () => false,
        }),
      limitMs,
      clock,
      stop,
    });
    announce(log, chromium, found);
    return found.cage;
  };

  return {
    of(chromium) {
      if (tried?.chromium !== chromium) {
        const cage = find(chromium);
        tried = { chromium, cage };
        cage.then(
          () => {
            failures = 0;
          },
          () => {
            failures++;
            if (tried?.cage === cage) tried = null;
          },
        );
      }
      return tried.cage;
    },
    async stop() {
      stop.happen();
      await tried?.cage.catch(() => {});
    },
  };
}

function announce(log: Log, { path, version, origin }: Chromium, { cage, complaints }: Found): void {
  const ownUid = process.getuid?.();
  const uid = cage.uid ?? ownUid;
  log.info({ path, version, origin, sandbox: cage.isSandboxed, uid }, 'Chromium');
  if (cage.isSandboxed) return;
  const tried = complaints.map((one) => ({
    uid: one.cage.uid ?? ownUid,
    sandbox: one.cage.isSandboxed,
    why: one.message,
  }));
  const mend =
    uid === 0
      ? 'as root and without its sandbox: run the server as another user, or let others pass to Chromium and TMPDIR'
      : 'without its sandbox: allow user namespaces';
  log.warn({ tried }, `Chromium runs ${mend}; see "Is Chromium locked in?" in src/browsers/README.md`);
}

/** Empty when the file is missing, as it may be in a container. */
function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
