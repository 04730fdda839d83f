/**
 * What main tells a worker about its shard's browser. Pure types.
 */

/** Where a worker finds its shard's browser: two FIFOs, and what they carry is CDP, JSON ended by NUL. */
export interface PipeEndpoint {
  readonly generation: number;
  /** Of its main process. */
  readonly pid: number;
  /** Chromium writes, the worker reads. */
  readonly readPath: string;
  /** The worker writes, Chromium reads. */
  readonly writePath: string;
  /** A folder for what the worker keeps of this browser; goes with the browser. */
  readonly artifactsDir: string;
  /** Where Chromium may write; belongs to whoever it runs as, and goes with it. */
  readonly homeDir: string;
}
