/**
 * A real Prometheus on a configuration or a data folder of the test's, and its HTTP API as Grafana uses it. Times are
 * seconds since the epoch.
 */

import { join } from 'node:path';
import { until } from '../deadline.js';
import { ask } from '../prometheus/ask.js';
import { type Program, startProgram } from '../prometheus/process.js';

const READY_MS = 20_000;
/** In one range query; Prometheus refuses more. */
export const POINTS_MAX = 11_000;

export interface Series {
  readonly metric: Readonly<Record<string, string>>;
  readonly values: readonly number[];
}

export interface Span {
  readonly startSeconds: number;
  readonly endSeconds: number;
  readonly stepSeconds: number;
}

export interface RuledPrometheus {
  /** @throws with what Prometheus says when the expression is wrong. */
  instant(expr: string, atSeconds: number): Promise<Series[]>;
  range(expr: string, span: Span): Promise<Series[]>;
  /** As `label_values(expr, label)` of Grafana. */
  labelValues(expr: string, label: string, span: Span): Promise<string[]>;
  /** The error of each rule and target; empty when all is well. */
  troubles(): Promise<string[]>;
  stop(): Promise<void>;
}

/** Its data goes into the folder `data` beside the configuration. */
export async function startRuledPrometheus(folder: string, flags: readonly string[] = []): Promise<RuledPrometheus> {
  const program = startProgram('prometheus', [
    `--config.file=${join(folder, 'prometheus.yml')}`,
    `--storage.tsdb.path=${join(folder, 'data')}`,
    // Prometheus takes a free port, and says which.
    '--web.listen-address=127.0.0.1:0',
    ...flags,
  ]);
  try {
    const url = await until(() => addressOf(program), READY_MS, 'Prometheus listens');
    const isReady = async (): Promise<boolean> => (await ask(`${url}/-/ready`)).status === 200;
    await until(isReady, READY_MS, 'Prometheus is ready');
    return client(url, program);
  } catch (error) {
    await program.stop();
    throw error;
  }
}

function addressOf(program: Program): string | null {
  const ending = program.ended();
  if (ending !== null) throw new Error(`Prometheus ended with ${ending}:\n${program.lines.join('\n')}`);
  const line = program.lines.find((one) => one.includes('msg="Listening on"')) ?? '';
  const [, address] = /address=(\S+)/.exec(line) ?? [];
  return address === undefined ? null : `http://${address}`;
}

type Point = readonly [number, string];

interface Found {
  readonly result: readonly {
    readonly metric: Record<string, string>;
    readonly value?: Point;
    readonly values?: Point[];
  }[];
}

function client(url: string, program: Program): RuledPrometheus {
  const query = async (path: string, parameters: Readonly<Record<string, string>>): Promise<Series[]> => {
    const { result }: Found = await api(`${url}/api/v1/${path}?${new URLSearchParams(parameters)}`);
    return result.map(({ metric, value, values = value ? [value] : [] }) => ({
      metric,
      values: values.map(([, text]) => Number(text)),
    }));
  };
  return {
    instant: (expr, atSeconds) => query('query', { query: expr, time: String(atSeconds) }),
    range: (expr, { startSeconds, endSeconds, stepSeconds }) =>
      query('query_range', {
        query: expr,
        start: String(startSeconds),
        end: String(endSeconds),
        step: String(stepSeconds),
      }),
    labelValues: (expr, label, { startSeconds, endSeconds }) => {
      const parameters = { 'match[]': expr, start: String(startSeconds), end: String(endSeconds) };
      return api(`${url}/api/v1/label/${label}/values?${new URLSearchParams(parameters)}`);
    },
    async troubles() {
      const { groups }: { groups: { rules: { name: string; lastError?: string }[] }[] } = await api(
        `${url}/api/v1/rules`,
      );
      const { activeTargets }: { activeTargets: { scrapeUrl: string; lastError: string }[] } = await api(
        `${url}/api/v1/targets?state=active`,
      );
      return [
        ...groups.flatMap(({ rules }) => rules.map(({ name, lastError = '' }) => [name, lastError])),
        ...activeTargets.map(({ scrapeUrl, lastError }) => [scrapeUrl, lastError]),
      ].flatMap(([what, error]) => (error === '' ? [] : [`${what}: ${error}`]));
    },
    async stop() {
      const ending = await program.stop();
      if (ending !== 'code 0') throw new Error(`Prometheus ended with ${ending}:\n${program.lines.join('\n')}`);
    },
  };
}

async function api<T>(url: string): Promise<T> {
  const { body } = await ask(url);
  const answer: { status: string; error?: string; data: T } = JSON.parse(body.toString('utf8'));
  if (answer.status !== 'success') throw new Error(`Prometheus: ${answer.error}`);
  return answer.data;
}
