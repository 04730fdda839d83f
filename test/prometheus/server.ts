/**
 * A headcount as its users run it: a process of its own that says on stdout where it listens and how its browsers are.
 */

import { fileURLToPath } from 'node:url';
import { until } from '../deadline.js';
import { startProgram } from './process.js';

const MAIN = fileURLToPath(new URL('../../src/main.js', import.meta.url));
const START_MS = 20_000;
const READY_MS = 30_000;
/** The part of the test's environment that a server needs. A setting that happens to be there must not reach it. */
const PASSED_ON = ['PATH', 'HOME', 'TMPDIR', 'XDG_CACHE_HOME', 'PLAYWRIGHT_BROWSERS_PATH', 'CHROMIUM_PATH'];

export interface Server {
  readonly url: string;
  readonly workers: number;
  /** How many log lines say `message`. */
  said(message: string): number;
  /** The pid of each shard's browser that is ready. */
  browserPids(): Map<number, number>;
  /** Resolves when every shard has its browser. */
  ready(): Promise<void>;
  /** @throws when it does not end in order. */
  stop(): Promise<void>;
}

interface LogLine {
  readonly msg?: string;
  readonly url?: string;
  readonly worker?: number;
  readonly pid?: number;
}

export async function startServer(workers: number, settings: Readonly<Record<string, string>> = {}): Promise<Server> {
  const passedOn = Object.fromEntries(PASSED_ON.map((name) => [name, process.env[name]]));
  // Without a history file, totals count from the start, and nothing is another server's.
  const own = {
    PORT: '0',
    WORKERS: String(workers),
    HEADCOUNT_TEST_SESSIONS: 'true',
    DRAIN_TIMEOUT: '2000',
    METRICS_FILE: 'none',
  };
  const program = startProgram(process.execPath, [MAIN], { ...passedOn, ...own, ...settings });
  const log = (): LogLine[] => program.lines.map(parseLine);
  const browserPids = (): Map<number, number> => {
    const pids = new Map<number, number>();
    for (const { msg, worker = -1, pid = -1 } of log()) {
      if (msg === 'browser ready') pids.set(worker, pid);
      if (msg === 'browser gone') pids.delete(worker);
    }
    return pids;
  };
  const url = await until(
    () => {
      const ending = program.ended();
      if (ending !== null) throw new Error(`the server ended with ${ending}:\n${program.lines.join('\n')}`);
      return log().find(({ msg }) => msg === 'listening')?.url;
    },
    START_MS,
    'the server listens',
  );
  return {
    url,
    workers,
    said: (message) => log().filter(({ msg }) => msg === message).length,
    browserPids,
    ready: async () =>
      void (await until(() => browserPids().size === workers, READY_MS, 'every shard has its browser')),
    async stop() {
      const ending = await program.stop();
      if (ending !== 'code 0') throw new Error(`the server ended with ${ending}:\n${program.lines.join('\n')}`);
    },
  };
}

/** Lines that are not JSON are Node.js' own complaints. */
function parseLine(line: string): LogLine {
  try {
    const parsed: LogLine = JSON.parse(line);
    return parsed;
  } catch {
    return {};
  }
}
