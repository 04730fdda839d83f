/**
 * A synthetic week of every series that the dashboards may ask for, made from one scrape. Counters go up, with one
 * restart in between; gauges stay near their values.
 */

import { type ExposedFamily, parseExposition } from '../metrics/views/exposition.js';
import { type Line, seriesOf, TARGET, writeBlocks } from './blocks.js';

export const WEEK_SECONDS = 7 * 86_400;
/** Two or three in each $__rate_interval of a week's view, which is 615 s. */
export const SAMPLE_SECONDS = 300;
/** The data begins after the view, so that it can be seen to appear. */
const LEAD_SECONDS = 3600;
/** Of each histogram, because they are most of the samples. */
const HISTOGRAM_LABELSETS = 2;

/** Fills `folder/data` with the week before `endSeconds`. */
export async function writeWeek(options: {
  readonly folder: string;
  readonly scrape: string;
  readonly endSeconds: number;
}): Promise<void> {
  const { folder, scrape, endSeconds } = options;
  const families = [...parseExposition(scrape, 'openmetrics').values()];
  const startSeconds = endSeconds - WEEK_SECONDS + LEAD_SECONDS;
  const span = { startSeconds, endSeconds, stepSeconds: SAMPLE_SECONDS };
  await writeBlocks(folder, [...families.flatMap(linesOf), ...ADDED], span);
}

function linesOf({ name, type, samples }: ExposedFamily): Line[] {
  const perLabelset = type === 'histogram' ? samples.filter(({ name: one }) => one === `${name}_count`).length : 1;
  const kept = type === 'histogram' ? (samples.length / perLabelset) * HISTOGRAM_LABELSETS : samples.length;
  return samples.slice(0, kept).map((sample, place) => {
    const series = seriesOf(sample);
    if (sample.name.endsWith('_timestamp_seconds')) return { series, valueAt: (_index, at) => at - 1 };
    if (type === 'gauge') return { series, valueAt: () => sample.value };
    const perLine = samples.length / perLabelset;
    // A bucket also counts those below it.
    const growth = type === 'histogram' ? 1 + (place % perLine) : 10;
    return { series, valueAt: (index) => growth * sinceRestart(index) };
  });
}

/** Falls to 0 in the middle of the week, like every counter of a process that starts anew. */
function sinceRestart(index: number): number {
  const restart = WEEK_SECONDS / SAMPLE_SECONDS / 2;
  return index < restart ? index : index - restart;
}

const ADDED: readonly Line[] = [
  { series: `up{${TARGET}}`, valueAt: () => 1 },
  { series: `scrape_duration_seconds{${TARGET}}`, valueAt: () => 0.004 },
  { series: `scrape_samples_scraped{${TARGET}}`, valueAt: () => 900 },
  { series: `ALERTS{alertname="HeadcountCpuHigh",alertstate="firing",${TARGET}}`, valueAt: () => 1 },
];
