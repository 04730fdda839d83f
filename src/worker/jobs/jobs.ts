/**
 * The kinds of jobs, as a worker knows them: a file and a row each. What main knows of them is in
 * `protocol/jobs/jobs.ts`, of which only types may come here. Runs in a worker thread.
 */
import type { Bytes } from '../../protocol/job.js';
import type { BodyOf, JOBS } from '../../protocol/jobs/jobs.js';
import type { PageBody } from '../../protocol/jobs/page-body.js';
import type { Lease } from '../lease.js';
import type { Shard } from '../shard.js';
import type { Times } from '../wait-limit.js';
import { runContent } from './content.js';
import { runPdf } from './pdf.js';
import { runScreenshot } from './screenshot.js';
import { runTest } from './test.js';

/** A body of any kind: one that has a page has these keys, and some of its own. */
export type AnyBody = PageBody & Readonly<Record<string, unknown>>;

/** How jobs of a kind are run: in a page that has been brought to where they begin. */
export interface PageRunner<Body = AnyBody> {
  readonly hasPage: true;
  /** Of the keys that its kind adds, those for which a plain context will do. */
  readonly plainKeys: readonly (string extends keyof Body ? string : Exclude<keyof Body, keyof PageBody>)[];
  run(lease: Lease, body: Body, times: Times): Promise<Bytes>;
}

/** Or without a page, with nothing but the shard. */
export interface ShardRunner<Body = AnyBody> {
  readonly hasPage: false;
  run(shard: Pick<Shard, 'census'>, body: Body): Promise<Bytes>;
}

export type Runner<Body = AnyBody> = PageRunner<Body> | ShardRunner<Body>;
export type RunnerTable = Readonly<Record<string, Runner>>;

export const RUNNERS: { readonly [K in keyof typeof JOBS]: Runner<BodyOf<K>> } = {
  screenshot: { hasPage: true, plainKeys: ['options'], run: runScreenshot },
  pdf: { hasPage: true, plainKeys: ['options'], run: runPdf },
  content: { hasPage: true, plainKeys: [], run: runContent },
  test: { hasPage: false, run: runTest },
};
