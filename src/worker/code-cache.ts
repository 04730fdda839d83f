/**
 * Compiled code of what is loaded late, kept in a folder from one thread to the next where Node.js has that (22.1 and
 * later): a third of what it costs to load Playwright. Where it has not, or the folder cannot be written, code is
 * compiled each time. Runs in a worker thread.
 */
import * as modules from 'node:module';

/** What the oldest Node.js that is supported does not have, nor its types. */
interface CodeCache {
  /** Tells by a number whether it could; never throws. */
  readonly enableCompileCache?: (folder: string) => unknown;
  readonly flushCompileCache?: () => void;
}

const cache: CodeCache & Partial<typeof modules> = modules;

/** For all that this thread loads from now on. */
export function useCodeCache(folder: string): void {
  cache.enableCompileCache?.(folder);
}

/** Writes down what was loaded: by itself Node.js does so at a thread's end, and ours are mostly ended from outside. */
export function keepCode(): void {
  cache.flushCompileCache?.();
}
