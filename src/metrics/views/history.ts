/**
 * `/metrics`: the rows as a JSON array, oldest first, the live one last. The text of all closed rows is joined once
 * and kept as bytes, so that a request renders one row and joins two buffers. Main thread.
 */
import type { Snapshot } from '../snapshot.js';
import { droppedIn, type RowTexts } from './rows.js';
import { isNarrowed, type Selection, selectRows } from './selection.js';
import { createShownRows, type ShownRow } from './shown.js';

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
  const shownOf = createShownRows(retentionMs);
  return (snapshot, selection) => {
    const { ring } = snapshot;
    const { rows, revision } = shownOf(ring);
    const { closed, live } = selectRows(rows, selection);
    const which = (selection.sessionTimes ? 0 : 1) + (isNarrowed(selection) ? 2 : 0);
    const of = (row: ShownRow): string => texts.of(row)[selection.sessionTimes ? 'full' : 'bare'];
    const [from, to] = [closed[0]?.from ?? 0, (closed.at(-1)?.to ?? -1) + 1];
    const dropped = droppedIn(ring, { from, to });
    const key = `${which}-${from}-${to}-${dropped}-${revision}`;
    let join = joined[which];
    if (join?.key !== key) {
      join = { key, bytes: Buffer.from(`[${closed.map(of).join()}`, 'latin1') };
      joined[which] = join;
    }
    const separator = live && closed.length > 0 ? ',' : '';
    return {
      chunks: [join.bytes, Buffer.from(`${separator}${live ? of(live) : ''}]`, 'latin1')],
      tag: `${key}-${live ? snapshot.version : ''}`,
    };
  };
}

interface Join {
  readonly key: string;
  readonly bytes: Buffer;
}
