/**
 * `/metrics`: the rows as a JSON array, oldest first, the live one last. The text of all closed rows is joined once
 * and kept as bytes, so that a request renders one row and joins two buffers. Main thread.
 */
import type { Snapshot } from '../snapshot.js';
import { droppedIn, type RowTexts } from './rows.js';
import { isNarrowed, type Selection, selectRows } from './selection.js';

export interface View {
  /** The body, in pieces to be sent one after the other. */
  readonly chunks: readonly Buffer[];
  /** Equal for equal bodies of one process. */
  readonly tag: string;
}

export type SelectingView = (snapshot: Snapshot, selection: Selection) => View;

export function createHistoryView({
  texts,
  retentionMs,
}: {
  readonly texts: RowTexts;
  readonly retentionMs: number;
}): SelectingView {
  // The last join with and without the session times, of all rows and of fewer: what scrapers and dashboards take turns
  // with, none of which costs another its join.
  const joined: (Join | undefined)[] = [];
  return (snapshot, selection) => {
    const { ring } = snapshot;
    const { from, closedTo, isLive } = selectRows(ring, selection, retentionMs);
    const which = (selection.sessionTimes ? 0 : 1) + (isNarrowed(selection) ? 2 : 0);
    const of = (sequence: number): string => texts.of(sequence)[selection.sessionTimes ? 'full' : 'bare'];
    const dropped = droppedIn(ring, { from, to: closedTo });
    let join = joined[which];
    if (!join || join.from !== from || join.to !== closedTo || join.dropped !== dropped) {
      const rows = Array.from({ length: closedTo - from }, (_, i) => of(from + i));
      join = { from, to: closedTo, dropped, bytes: Buffer.from(`[${rows.join()}`, 'latin1') };
      joined[which] = join;
    }
    const separator = isLive && closedTo > from ? ',' : '';
    const rest = `${separator}${isLive ? of(ring.closed()) : ''}]`;
    return {
      chunks: [join.bytes, Buffer.from(rest, 'latin1')],
      tag: `${which}-${from}-${closedTo}-${dropped}-${isLive ? snapshot.version : ''}`,
    };
  };
}

interface Join {
  readonly from: number;
  readonly to: number;
  readonly dropped: number;
  readonly bytes: Buffer;
}
