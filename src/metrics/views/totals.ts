/**
 * `/metrics/all`: one object over all rows held. The closed rows are merged once and kept; a request adds the live one.
 * Sums of counts and times, the true mean and minimum, maxima of maxima, quantiles of the merged histogram. Main
 * thread.
 */
import { FIELDS } from '../fields.js';
import type { Ring } from '../ring.js';
import { mergeRow, ROW_WORDS, word } from '../row.js';
import type { SelectingView } from './history.js';
import { columns, droppedIn, type RowTexts } from './rows.js';
import { isNarrowed, selectRows } from './selection.js';

const TOTAL_FIELDS = FIELDS.filter((field) => field.inTotals);
const MINUTE_MS = 60_000;
const MONTH_MS = 30 * 24 * 60 * MINUTE_MS;

export function createTotalsView({
  texts,
  retentionMs,
}: {
  readonly texts: RowTexts;
  readonly retentionMs: number;
}): SelectingView {
  // The last of all rows and of fewer, so that neither costs the other its own.
  const merged: (Merged | undefined)[] = [];
  return (snapshot, selection) => {
    const { ring } = snapshot;
    const { from, closedTo, isLive } = selectRows(ring, selection, retentionMs);
    const closedDropped = droppedIn(ring, { from, to: closedTo });
    const which = isNarrowed(selection) ? 1 : 0;
    let kept = merged[which];
    if (!kept || kept.from !== from || kept.to !== closedTo || kept.dropped !== closedDropped) {
      kept = mergeClosed(ring, texts, { from, to: closedTo, dropped: closedDropped });
      merged[which] = kept;
    }
    const total = kept.row.slice();
    let dropped = closedDropped;
    let liveTimes = '';
    if (isLive) {
      mergeRow(total, ring.open());
      const live = texts.of(ring.closed());
      dropped += live.dropped;
      liveTimes = live.times;
    }
    const parts = columns(total, TOTAL_FIELDS, dropped);
    const at = parts.indexOf(null);
    const before = parts.slice(0, at).join();
    const { monthlyUnits, minutes } = coverage(total);
    const ends = [`"estimatedMonthlyUnits":${monthlyUnits}`, `"minutesOfMetricsAvailable":${minutes}`];
    const after = [...parts.slice(at + 1), ...ends].join();
    // What is covered goes up by time alone, without the version, so it is part of the tag.
    const version = isLive ? `${snapshot.version}-${monthlyUnits}-${minutes}` : '';
    const tag = `t${selection.sessionTimes ? 0 : 1}-${from}-${closedTo}-${closedDropped}-${version}`;
    if (!selection.sessionTimes) return { chunks: [Buffer.from(`{${before},${after}}`, 'latin1')], tag };
    const separator = kept.times.length > 0 && liveTimes !== '' ? ',' : '';
    return {
      chunks: [
        Buffer.from(`{${before},"sessionTimes":[`, 'latin1'),
        kept.times,
        Buffer.from(`${separator}${liveTimes}],${after}}`, 'latin1'),
      ],
      tag,
    };
  };
}

interface Merged {
  readonly from: number;
  readonly to: number;
  readonly row: Float64Array;
  readonly dropped: number;
  readonly times: Buffer;
}

function mergeClosed(
  ring: Ring,
  texts: RowTexts,
  { from, to, dropped }: { readonly from: number; readonly to: number; readonly dropped: number },
): Merged {
  const row = new Float64Array(ROW_WORDS);
  const times: string[] = [];
  for (let sequence = from; sequence < to; sequence++) {
    mergeRow(row, ring.row(sequence));
    const text = texts.of(sequence);
    if (text.times !== '') times.push(text.times);
  }
  return { from, to, row, dropped, times: Buffer.from(times.join(), 'latin1') };
}

/** Units scaled from the time really covered to 30 days, and that time. */
function coverage(total: Float64Array): { readonly monthlyUnits: number; readonly minutes: number } {
  const coveredMs = word(total, 'coveredMs');
  return {
    monthlyUnits: coveredMs === 0 ? 0 : Math.round((word(total, 'units') * MONTH_MS) / coveredMs),
    minutes: Math.round((coveredMs / MINUTE_MS) * 100) / 100,
  };
}
