/**
 * `/metrics/all`: one object over all rows held. The closed rows are merged once and kept; a request adds the live one.
 * Sums of counts and times, the true mean and minimum, maxima of maxima, quantiles of the merged histogram. Main
 * thread.
 */
import { FIELDS } from '../fields.js';
import type { Ring } from '../ring.js';
import { mergeRow, ROW_WORDS, word } from '../row.js';
import type { SelectingView } from './history.js';
import { columns, droppedIn, figuresOf, type RowTexts } from './rows.js';
import { isNarrowed, selectRows } from './selection.js';
import { createShownRows, type ShownRow } from './shown.js';

const TOTAL_FIELDS = FIELDS.filter((field) => field.inTotals);
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const MONTH_MS = 30 * 24 * HOUR_MS;

export function createTotalsView({
  texts,
  retentionMs,
}: {
  readonly texts: RowTexts;
  readonly retentionMs: number;
}): SelectingView {
  // The latest merge of all rows, and the latest of fewer. Neither throws the other away.
  const merged: (Merged | undefined)[] = [];
  const shownOf = createShownRows(retentionMs);
  return (snapshot, selection) => {
    const { ring } = snapshot;
    const { rows, revision } = shownOf(ring);
    const { closed, live } = selectRows(rows, selection);
    const [from, to] = [closed[0]?.from ?? 0, (closed.at(-1)?.to ?? -1) + 1];
    const closedDropped = droppedIn(ring, { from, to });
    const key = `${from}-${to}-${closedDropped}-${revision}`;
    const which = isNarrowed(selection) ? 1 : 0;
    let kept = merged[which];
    if (kept?.key !== key) {
      kept = { key, ...mergeClosed(ring, texts, closed) };
      merged[which] = kept;
    }
    const total = kept.row.slice();
    let dropped = closedDropped;
    let liveTimes = '';
    if (live) {
      mergeRow(total, figuresOf(ring, live));
      const text = texts.of(live);
      dropped += text.dropped;
      liveTimes = text.times;
    }
    const parts = columns(total, TOTAL_FIELDS, dropped);
    const at = parts.indexOf(null);
    const before = parts.slice(0, at).join();
    const { monthlyUnits, minutes } = coverage(total);
    const ends = [`"estimatedMonthlyUnits":${monthlyUnits}`, `"minutesOfMetricsAvailable":${minutes}`];
    const after = [...parts.slice(at + 1), ...ends].join();
    // The time covered grows without a change of the version, so it is part of the tag.
    const version = live ? `${snapshot.version}-${monthlyUnits}-${minutes}` : '';
    const tag = `t${selection.sessionTimes ? 0 : 1}-${key}-${version}`;
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
  readonly key: string;
  readonly row: Float64Array;
  readonly times: Buffer;
}

function mergeClosed(ring: Ring, texts: RowTexts, closed: readonly ShownRow[]): Omit<Merged, 'key'> {
  const row = new Float64Array(ROW_WORDS);
  const times: string[] = [];
  for (const shown of closed) {
    mergeRow(row, figuresOf(ring, shown));
    const text = texts.of(shown);
    if (text.times !== '') times.push(text.times);
  }
  return { row, times: Buffer.from(times.join(), 'latin1') };
}

/** Units scaled from the time really covered to 30 days, once enough time is covered; and that time. */
function coverage(total: Float64Array): { readonly monthlyUnits: number; readonly minutes: number } {
  const coveredMs = word(total, 'coveredMs');
  return {
    monthlyUnits: coveredMs < HOUR_MS ? 0 : Math.round((word(total, 'units') * MONTH_MS) / coveredMs),
    minutes: Math.round((coveredMs / MINUTE_MS) * 100) / 100,
  };
}
