/**
 * A past for a Prometheus that has none: series written as OpenMetrics and turned into blocks by promtool.
 */

import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import * as assert from 'uvu/assert';
import type { Sample } from '../metrics/views/exposition.js';
import { runTool } from '../prometheus/process.js';
import type { Span } from './ruled-prometheus.js';

/** The target that the series seem to come from. */
export const TARGET = 'job="headcount",instance="past:3000"';

export interface Line {
  readonly series: string;
  readonly valueAt: (index: number, atSeconds: number) => number;
}

/** A sample's name and labels, with those that a scrape would have added. */
export function seriesOf({ name, labels }: Sample): string {
  const own = Object.entries(labels).map(([label, value]) => `${label}=${JSON.stringify(value)}`);
  return `${name}{${[TARGET, ...own].join()}}`;
}

/** Fills `folder/data` with a sample of each line at every step. */
export async function writeBlocks(folder: string, lines: readonly Line[], span: Span): Promise<void> {
  const path = join(folder, 'past.txt');
  await mkdir(join(folder, 'data'));
  await pipeline(Readable.from(textOf(lines, span)), createWriteStream(path));
  const args = [
    'tsdb',
    'create-blocks-from',
    '--quiet',
    // One block for a week instead of 84, for each of which promtool would read the whole file.
    '--max-block-duration=400h',
    'openmetrics',
    path,
    join(folder, 'data'),
  ];
  const { code, errors } = await runTool('promtool', args, '');
  assert.is(code, 'code 0', errors);
}

function* textOf(lines: readonly Line[], { startSeconds, endSeconds, stepSeconds }: Span): Generator<string> {
  for (const { series, valueAt } of lines) {
    let text = '';
    let index = 0;
    for (let at = startSeconds; at <= endSeconds; at += stepSeconds) {
      text += `${series} ${valueAt(index, at)} ${at}\n`;
      index++;
    }
    yield text;
  }
  yield '# EOF\n';
}
