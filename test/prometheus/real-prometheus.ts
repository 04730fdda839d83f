/**
 * A real Prometheus with a data folder of its own that scrapes each second, and what tests ask its HTTP API. Times are
 * Prometheus's own: seconds since the epoch, to the ms.
 */

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '../deadline.js';
import type { Sample } from '../metrics/views/exposition.js';
import { ask } from './ask.js';
import { type Program, startProgram } from './process.js';

const READY_MS = 20_000;
/** Between finding a port and using it, another process may take it. */
const PORTS_TRIED_MAX = 5;
const POLL_MS = 200;
/** Longer than each of these tests lasts, so it covers all that was ever scraped. */
export const EVER = '10m';

export interface Job {
  readonly name: string;
  /** Of the server, `http://127.0.0.1:3000`. */
  readonly url: string;
  /** Not given: the default of Prometheus. */
  readonly path?: string;
  readonly token?: string;
}

/** One scrape: its samples without the labels that Prometheus adds. */
export interface Scrape {
  readonly atSeconds: number;
  readonly samples: readonly Sample[];
}

export interface Target {
  readonly scrapePool: string;
  readonly health: string;
  readonly lastError: string;
}

export interface Metadata {
  readonly metric: string;
  readonly type: string;
  readonly help: string;
}

export interface RealPrometheus {
  /** The value of each series of an instant query, by `job`. */
  byJob(query: string): Promise<Map<string, number[]>>;
  /** Every scrape of a job so far, oldest first, failed ones too, with the series that Prometheus itself adds. */
  scrapes(job: string): Promise<Scrape[]>;
  /** Resolves when each job has been scraped `count` times in all. */
  scraped(jobs: readonly string[], count: number, ms: number): Promise<void>;
  targets(): Promise<Target[]>;
  metadata(job: string): Promise<Metadata[]>;
  /** Prometheus' own metrics. */
  ownMetrics(): Promise<string>;
  /** Warnings and worse. */
  readonly log: readonly string[];
  stop(): Promise<void>;
}

interface Result {
  readonly metric: Readonly<Record<string, string>>;
  readonly value?: readonly [number, string];
  readonly values?: readonly (readonly [number, string])[];
}

export async function startPrometheus(jobs: readonly Job[]): Promise<RealPrometheus> {
  const folder = await mkdtemp(join(tmpdir(), 'headcount-prometheus-'));
  try {
    const { program, url } = await launch(folder, jobs);
    return { ...client(url), log: program.lines, stop: () => stop(program, folder) };
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

async function launch(folder: string, jobs: readonly Job[]): Promise<{ program: Program; url: string }> {
  const configPath = join(folder, 'prometheus.yml');
  await writeFile(configPath, configOf(jobs));
  for (let tried = 1; ; tried++) {
    const address = `127.0.0.1:${await freePort()}`;
    const program = startProgram('prometheus', [
      `--config.file=${configPath}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=${address}`,
      '--log.level=warn',
    ]);
    const isUp = async (): Promise<boolean> =>
      program.ended() !== null || (await ask(`http://${address}/-/ready`).catch(() => null))?.status === 200;
    try {
      await until(isUp, READY_MS, 'Prometheus is ready');
    } catch (error) {
      await program.stop();
      throw error;
    }
    const ending = program.ended();
    if (ending === null) return { program, url: `http://${address}` };
    if (tried === PORTS_TRIED_MAX) throw new Error(`Prometheus ended with ${ending}:\n${program.lines.join('\n')}`);
  }
}

async function stop(program: Program, folder: string): Promise<void> {
  const ending = await program.stop();
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  if (ending !== 'code 0') throw new Error(`Prometheus ended with ${ending}:\n${program.lines.join('\n')}`);
}

/** JSON is YAML. */
function configOf(jobs: readonly Job[]): string {
  return JSON.stringify({
    global: { scrape_interval: '1s', scrape_timeout: '1s' },
    scrape_configs: jobs.map(({ name, url, path, token }) => ({
      job_name: name,
      static_configs: [{ targets: [new URL(url).host] }],
      ...(path === undefined ? {} : { metrics_path: path }),
      ...(token === undefined ? {} : { authorization: { credentials: token } }),
    })),
  });
}

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve, reject) => {
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', resolve);
  });
  const address = probe.address();
  await new Promise<void>((resolve) => probe.close(() => resolve()));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

function client(url: string): Omit<RealPrometheus, 'log' | 'stop'> {
  const query = async (text: string): Promise<Result[]> => {
    const found: { result: Result[] } = await api(`${url}/api/v1/query?${new URLSearchParams({ query: text })}`);
    return found.result;
  };
  const byJob = async (text: string): Promise<Map<string, number[]>> => {
    const values = new Map<string, number[]>();
    for (const { metric, value } of await query(text)) {
      const job = metric['job'] ?? '';
      values.set(job, [...(values.get(job) ?? []), Number(value?.[1])]);
    }
    return values;
  };
  return {
    byJob,
    scrapes: async (job) => scrapesOf(await query(`{job="${job}"}[${EVER}]`)),
    async scraped(jobs, count, ms) {
      const isDone = async (): Promise<boolean> => {
        await new Promise((resolve) => setTimeout(resolve, POLL_MS));
        const counts = await byJob(`count_over_time(up[${EVER}])`);
        return jobs.every((job) => (counts.get(job)?.[0] ?? 0) >= count);
      };
      await until(isDone, ms, `${count} scrapes of ${jobs.join(', ')}`);
    },
    async targets() {
      const found: { activeTargets: Target[] } = await api(`${url}/api/v1/targets?state=active`);
      return found.activeTargets;
    },
    metadata: (job) => api(`${url}/api/v1/targets/metadata?${new URLSearchParams({ match_target: `{job="${job}"}` })}`),
    ownMetrics: async () => (await ask(`${url}/metrics`)).body.toString('utf8'),
  };
}

async function api<T>(url: string): Promise<T> {
  const { body } = await ask(url);
  const answer: { status: string; error?: string; data: T } = JSON.parse(body.toString('utf8'));
  if (answer.status !== 'success') throw new Error(`Prometheus: ${answer.error}`);
  return answer.data;
}

/** All samples of one scrape have one time. */
function scrapesOf(results: readonly Result[]): Scrape[] {
  const scrapes = new Map<number, Sample[]>();
  for (const { metric, values = [] } of results) {
    const { __name__: name = '', job: _job, instance: _instance, ...labels } = metric;
    for (const [atSeconds, value] of values) {
      const samples = scrapes.get(atSeconds) ?? [];
      scrapes.set(atSeconds, samples);
      samples.push({ name, labels, value: Number(value) });
    }
  }
  return [...scrapes].map(([atSeconds, samples]) => ({ atSeconds, samples })).sort((a, b) => a.atSeconds - b.atSeconds);
}
