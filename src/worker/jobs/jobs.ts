/**
 * The kinds of jobs as a worker knows them: a file and a row each. What main knows of them is in
 * `protocol/jobs/jobs.ts`; only its types may be imported here. Runs in a worker thread.
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

/** A body of any kind with a page: these keys, and some of its own. */
export type AnyBody = PageBody & Readonly<Record<string, unknown>>;

/** How jobs of a kind run in a page that was brought to where they begin. */
export interface PageRunner<Body = AnyBody> {
  readonly hasPage: true;
  /** Those keys of its own for which a plain context is enough. */
  readonly plainKeys: readonly (string extends keyof Body ? string : Exclude<keyof Body, keyof PageBody>)[];
  run(lease: Lease, body: Body, times: Times): Promise<Bytes>;
}

/** For kinds without a page: they get nothing but the shard. */
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
