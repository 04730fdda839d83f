/**
 * What a descriptor of a metric says. Inside we hold ms and bytes; `divisor` turns a stored value into the unit that
 * the metric's name promises. Pure types, and the closed lists of domains and collectors.
 */

export type FamilyType = 'counter' | 'gauge' | 'histogram';

/** What folding a value into a family does to the open row of the history. `by` reads: by this label's value. */
export type RowEffect =
  | { readonly kind: 'add'; readonly word: RowCountWord }
  | { readonly kind: 'by'; readonly label: 'reason'; readonly words: Readonly<Record<string, RowCountWord>> }
  | { readonly kind: 'started' | 'settled' | 'runTime' | 'queueWait' | 'cpu' | 'memory' };

/** The words of a row that a counter may feed; `fields.ts` says where they lie. */
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
  /** Label name → name of its domain: the closed list of its values, given when the layout is made. */
  readonly labels?: Readonly<Record<string, Domain>>;
  /** Upper bounds in the exposed unit, without `+Inf`; histograms only. */
  readonly buckets?: readonly number[];
  /** Exposed value = stored value / divisor. Divided and not multiplied: 1005 / 1000 is 1.005, 1005 × 0.001 is not. */
  readonly divisor?: number;
  /** Labelsets that are shown only once they have a value: those whose cross product is mostly impossible. */
  readonly sparse?: true;
  /** Kept by labelset, because each worker sets its own, but shown without labels, as their sum; gauges only. */
  readonly isSummed?: true;
  /** The server's own answering: it does not by itself make a snapshot stale, or no two scrapes could share one. */
  readonly quiet?: true;
  /** Read from the truth when a snapshot is made, by the collector of this name. */
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
