/**
 * `/metrics`: the rows as a JSON array, oldest first, the live one last. The text of all closed rows is joined once and
 * kept as bytes. So a request renders one row and joins two buffers. Main thread.
 */
import type { Ring } from '../ring.js';
import type { Snapshot } from '../snapshot.js';
import { mergeRows } from './points.js';
import { droppedIn, mergedText, type RowTexts } from './rows.js';
import { isNarrowed, type SelectedRows, type Selection, selectRows } from './selection.js';
import { createShownRows, type ShownRow } from './shown.js';

export interface View {
  /** The body, in pieces that are sent in this order. */
  readonly chunks: readonly Buffer[];
  /** Equal for equal bodies within one process. */
  readonly tag: string;
}

export type SelectingView = (snapshot: Snapshot, selection: Selection) => View;

/**
 * `pointCount`: at most so many rows, each made of whole periods and without its session times; null: one row a period.
 */
export type HistoryView = (snapshot: Snapshot, selection: Selection, pointCount?: number | null) => View;

export function createHistoryView({
  texts,
  retentionMs,
}: {
  readonly texts: RowTexts;
  readonly retentionMs: number;
}): HistoryView {
  // The latest joins: with session times, without, and of merged rows; of each one for all rows and one for fewer.
  // Scrapers and dashboards take turns with these, and none throws away another's join.
  const joined: (Join | undefined)[] = [];
  const shownOf = createShownRows(retentionMs);
  return (snapshot, selection, pointCount = null) => {
    const { ring } = snapshot;
    const { rows, revision } = shownOf(ring);
    const selected = selectRows(rows, selection);
    const periodMs = retentionMs / ring.periods;
    const { kind, grid, range, closed, live } =
      pointCount === null ? plain(selected, texts, selection) : merged(selected, ring, { pointCount, periodMs });
    const which = kind + (isNarrowed(selection) ? 2 : 0);
    const key = `${which}-${range.from}-${range.to}-${droppedIn(ring, range)}-${revision}${grid}`;
    let join = joined[which];
    if (join?.key !== key) {
      join = { key, bytes: Buffer.from(`[${closed()}`, 'latin1') };
      joined[which] = join;
    }
    const separator = live !== null && range.to > range.from ? ',' : '';
    return {
      chunks: [join.bytes, Buffer.from(`${separator}${live ?? ''}]`, 'latin1')],
      tag: `${key}-${live === null ? '' : snapshot.version}`,
    };
  };
}

/** Where the join of each kind is kept. The join for a narrowed request is two places further. */
const KINDS = { full: 0, bare: 1, merged: 4 } as const;

interface Texts {
  readonly kind: number;
  /** How rows were merged, for the tag. */
  readonly grid: string;
  /** The stored rows that are in `closed`. */
  readonly range: { readonly from: number; readonly to: number };
  readonly closed: () => string;
  readonly live: string | null;
}

function plain(selected: SelectedRows, texts: RowTexts, { sessionTimes }: Selection): Texts {
  const kind = sessionTimes ? 'full' : 'bare';
  return { kind: KINDS[kind], grid: '', ...textsOf(selected.closed, selected.live, (row) => texts.of(row)[kind]) };
}

function merged(
  selected: SelectedRows,
  ring: Ring,
  to: { readonly pointCount: number; readonly periodMs: number },
): Texts {
  const { closed, live } = selected;
  const { rows, grid } = mergeRows(live ? [...closed, live] : closed, to);
  const closedCount = live ? rows.length - 1 : rows.length;
  const texts = textsOf(rows.slice(0, closedCount), rows[closedCount], (row) => mergedText(ring, row));
  return { kind: KINDS.merged, grid: `-${grid}`, ...texts };
}

function textsOf<Row extends ShownRow>(
  closed: readonly Row[],
  live: Row | undefined,
  of: (row: Row) => string,
): Pick<Texts, 'range' | 'closed' | 'live'> {
  return {
    range: { from: closed[0]?.from ?? 0, to: (closed.at(-1)?.to ?? -1) + 1 },
    closed: () => closed.map(of).join(),
    live: live ? of(live) : null,
  };
}

interface Join {
  readonly key: string;
  readonly bytes: Buffer;
}
