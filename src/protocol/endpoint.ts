/**
 * What main tells a worker about its shard's browser. Pure types.
 */

/** Where a worker finds its shard's browser: two FIFOs that carry CDP, as JSON ended by NUL. */
export interface PipeEndpoint {
  readonly generation: number;
  /** Of the browser's main process. */
  readonly pid: number;
  /** Chromium writes, the worker reads. */
  readonly readPath: string;
  /** The worker writes, Chromium reads. */
  readonly writePath: string;
  /** A folder for what the worker keeps of this browser; removed with it. */
  readonly artifactsDir: string;
  /** A folder into which Chromium may write. It belongs to Chromium's user, and is removed with the browser. */
  readonly homeDir: string;
}
