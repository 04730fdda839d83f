/**
 * The progress line on stderr: which benchmark runs, since when, and how many are left. On a terminal it is one line
 * that is written anew each second, elsewhere one line for each benchmark.
 */

const EVERY_MS = 1_000;
/** Back to the first column, and clears the line. */
const ANEW = '\r\x1b[K';

export interface Progress {
  begin(file: string): void;
  /** Returns the seconds of the whole run. */
  end(): number;
}

export function startProgress(count: number): Progress {
  const isTerminal = process.stderr.isTTY === true;
  const startedAtMs = performance.now();
  let begunAtMs = startedAtMs;
  let current = '';
  let number = 0;
  const since = (ms: number): string => `${Math.round((performance.now() - ms) / 1000)} s`;
  const show = (): void => {
    const line = `[${number}/${count}] ${current} ${since(begunAtMs)}, ${since(startedAtMs)} in all`;
    if (isTerminal) process.stderr.write(`${ANEW}${line}`);
  };
  const timer = setInterval(show, EVERY_MS);
  return {
    begin(file) {
      current = file.replace(/\.js$/, '');
      begunAtMs = performance.now();
      number++;
      if (isTerminal) show();
      else process.stderr.write(`[${number}/${count}] ${current}, after ${since(startedAtMs)}\n`);
    },
    end() {
      clearInterval(timer);
      if (isTerminal) process.stderr.write(ANEW);
      return Math.round((performance.now() - startedAtMs) / 1000);
    },
  };
}
