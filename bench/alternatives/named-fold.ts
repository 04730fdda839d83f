/**
 * A fold that was beaten: counters in an object by their exposed names, rows as objects by their columns. It is what
 * one writes first and reads well. It costs a string and several look-ups for each delta. Kept for comparison.
 */

import { bucketIndex } from '../../src/metrics/histogram.js';

export interface NamedDelta {
  readonly name: string;
  readonly labels: { readonly [name: string]: string };
  readonly value: number;
}

export interface NamedRow {
  [column: string]: number;
}

const SECONDS: Readonly<Record<string, readonly number[]>> = {
  headcount_session_duration_seconds: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 30, 60, 120, 300, 600, 900],
  headcount_queue_wait_duration_seconds: [0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
  headcount_session_phase_duration_seconds: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
};

export class NamedFold {
  readonly counters: { [series: string]: number } = {};
  row: NamedRow = {};
  readonly times: number[] = [];
  private active = 0;

  record({ name, labels, value }: NamedDelta): void {
    const bounds = SECONDS[name];
    if (bounds === undefined) this.add(seriesOf(name, labels), value);
    else {
      const le = bounds.find((bound) => value / 1000 <= bound) ?? '+Inf';
      this.add(seriesOf(`${name}_bucket`, { ...labels, le: String(le) }), 1);
      this.add(seriesOf(`${name}_sum`, labels), value / 1000);
    }
    this.touchRow(name, value);
  }

  private add(series: string, value: number): void {
    this.counters[series] = (this.counters[series] ?? 0) + value;
  }

  private column(name: string, value: number): void {
    this.row[name] = (this.row[name] ?? 0) + value;
  }

  private touchRow(name: string, value: number): void {
    switch (name) {
      case 'headcount_sessions_started_total':
        this.active += value;
        this.row['maxConcurrent'] = Math.max(this.row['maxConcurrent'] ?? 0, this.active);
        break;
      case 'headcount_sessions_total':
        this.active -= value;
        this.column('settled', value);
        break;
      case 'headcount_queue_wait_duration_seconds':
        this.column('queueTime', value);
        this.row['maxQueueTime'] = Math.max(this.row['maxQueueTime'] ?? 0, value);
        break;
      case 'headcount_session_duration_seconds':
        this.column('totalTime', value);
        this.column('units', Math.max(1, Math.ceil(value / 30_000)));
        this.row['minTime'] = Math.min(this.row['minTime'] ?? value, value);
        this.row['maxTime'] = Math.max(this.row['maxTime'] ?? 0, value);
        this.column(`bucket${bucketIndex(value)}`, 1);
        // As bounded as the ring, in the plainest way.
        if (this.times.length === 2 ** 20) this.times.length = 0;
        this.times.push(value);
    }
  }
}

function seriesOf(name: string, labels: NamedDelta['labels']): string {
  const pairs = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
  return pairs.length === 0 ? name : `${name}{${pairs.join()}}`;
}
