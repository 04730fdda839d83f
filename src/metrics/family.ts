/**
 * What the descriptor of a metric says. Inside we hold ms and bytes; `divisor` turns a stored value into the unit that
 * the metric's name promises. Pure types, and the closed lists of domains and collectors.
 */

export type FamilyType = 'counter' | 'gauge' | 'histogram';

/** What a delta of this family does to the open row of the history. `by`: depending on this label's value. */
export type RowEffect =
  | { readonly kind: 'add'; readonly word: RowCountWord }
  | { readonly kind: 'by'; readonly label: 'reason'; readonly words: Readonly<Record<string, RowCountWord>> }
  | { readonly kind: 'started' | 'settled' | 'runTime' | 'queueWait' | 'cpu' | 'memory' };

/** The words of a row that a counter may feed; `fields.ts` says where they are. */
type RowCountWord =
  | 'queued'
  | 'rejected'
  | 'unhealthy'
  | 'timedout'
  | 'error'
  | 'unauthorized'
  | 'expired'
  | 'abandoned'
  | 'unavailable';

export interface Family {
  readonly name: string;
  readonly type: FamilyType;
  readonly help: string;
  /** Label name → name of its domain, the closed list of its values. The lists are given when the layout is made. */
  readonly labels?: Readonly<Record<string, Domain>>;
  /** Upper bounds in the exposed unit, without `+Inf`; histograms only. */
  readonly buckets?: readonly number[];
  /** Exposed value = stored value / divisor. Divided and not multiplied: 1005 / 1000 is 1.005, 1005 × 0.001 is not. */
  readonly divisor?: number;
  /** A labelset is shown only once it has a value. For families with many combinations that never happen. */
  readonly sparse?: true;
  /** Gauges only: kept for each worker, because each worker sets its own, and shown without labels as the sum. */
  readonly isSummed?: true;
  /**
   * It counts the server's own answers, which do not make a snapshot stale. Otherwise no two scrapes could share one.
   */
  readonly quiet?: true;
  /** The collector of this name reads it from the truth when a snapshot is made. */
  readonly collector?: Collector;
  readonly row?: RowEffect;
}

export const COLLECTORS = ['sessions', 'pool', 'browsers', 'history', 'process', 'nodejs'] as const;
export type Collector = (typeof COLLECTORS)[number];

export const DOMAINS = [
  'kind',
  'failure',
  'rejection',
  'phase',
  'prewarm',
  'role',
  'browserExit',
  'launchFailure',
  'workerExit',
  'workerState',
  'worker',
  'netError',
  'egressDirection',
  'egressRefusal',
  'cdpMethod',
  'dropReason',
  'flushFailure',
  'resource',
  'route',
  'method',
  'code',
  'collector',
  'processType',
  'gcKind',
  'version',
  'node',
  'playwright',
  'chromium',
] as const;
type Domain = (typeof DOMAINS)[number];
export type Domains = Readonly<Record<Domain, readonly string[]>>;
