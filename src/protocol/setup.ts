/**
 * What every worker thread is given at its start. The same for all: a thread learns which shard it is by the lane that
 * it claims. Pure types.
 */
import type { Domains } from '../metrics/family.js';
import type { LaneShape } from '../metrics/lane.js';

export interface WorkerSetup extends Books {
  /** Contexts with a blank page kept ready. */
  readonly prewarm: number;
}

/** Where a thread writes what it counts. */
export interface Books {
  readonly lanes: SharedArrayBuffer;
  readonly laneShape: LaneShape;
  /** From which both threads make the same layout. */
  readonly domains: Domains;
}
