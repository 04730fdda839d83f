/**
 * What every worker thread gets at its start. It is the same for all: a thread learns which shard it serves by the lane
 * that it claims. Pure types.
 */
import type { Domains } from '../metrics/family.js';
import type { LaneShape } from '../metrics/lane.js';

export interface WorkerSetup extends Books {
  readonly readyPlan: ReadyPlan;
  /** Int32[1]: 1 once a session of any worker has needed Playwright. */
  readonly needed: SharedArrayBuffer;
  /** Where compiled code is kept, where Node.js can do that. */
  readonly codeFolder: string;
}

/** How many pages are made before somebody asks for one. */
export interface ReadyPlan {
  /** `PREWARM`. */
  readonly pagesMax: number;
  /** One worker's share of the CPUs that this process may use. */
  readonly cpus: number;
}

/** Where a thread writes what it counts. */
export interface Books {
  readonly lanes: SharedArrayBuffer;
  readonly laneShape: LaneShape;
  /** From these both sides make the same layout. */
  readonly domains: Domains;
}
