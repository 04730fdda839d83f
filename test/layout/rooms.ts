/**
 * The map of rooms as data: what each may import, and which file is the one door to each package. Rows are exact both
 * ways: an import that no row allows is wrong, and so is a row that no import uses any more.
 */

import { posix } from 'node:path';
import { importsOf, type Source } from './source.js';

/**
 * Room to what it may import: rooms, or files of one (`metrics/lane`), `type:` before those of which only types.
 * A folder of `src/` is a room, and so is a file right in it, and a folder within one that has a row of its own.
 * Imports within a room are free.
 */
export const ROOMS: Readonly<Record<string, readonly string[]>> = {
  metrics: ['type:clock'],
  config: ['nearest', 'egress/rules', 'egress/proxies'],
  nearest: [],
  failures: [],
  clock: [],
  log: [],
  wait: ['type:clock'],
  garbage: ['type:clock'],
  census: ['garbage'],
  liveness: [],
  protocol: ['type:failures', 'type:metrics/family', 'type:metrics/lane', 'type:protocol/jobs'],
  patterns: ['failures'],
  'protocol/jobs': ['failures', 'patterns', 'egress/proxies', 'type:protocol/cdp', 'type:protocol/egress'],
  admission: ['failures', 'type:clock', 'type:protocol', 'type:metrics/delta'],
  pool: ['clock', 'type:failures', 'wait', 'protocol/names', 'type:protocol', 'type:metrics/lane'],
  chromium: [],
  browsers: ['type:chromium/discover', 'type:clock', 'wait', 'type:protocol/names', 'type:protocol/endpoint'],
  egress: ['clock', 'garbage', 'wait', 'protocol/egress', 'protocol/usage', 'metrics/lane', 'metrics/layout'],
  worker: [
    'host/process-files',
    'egress/fates',
    'worker/broker',
    'worker/cdp',
    'worker/jobs',
    'protocol/names',
    'type:protocol',
    'patterns',
    'failures',
    'clock',
    'garbage',
    'wait',
    'metrics/lane',
    'metrics/layout',
    'type:metrics/delta',
  ],
  'worker/cdp': ['type:protocol', 'failures', 'type:clock', 'wait'],
  'worker/jobs': [
    'worker/lease',
    'worker/mistakes',
    'worker/evaluate',
    'worker/viewport',
    'worker/wait-limit',
    'type:worker/shard',
    'type:protocol',
    'protocol/jobs/picture',
    'failures',
    'census',
  ],
  'worker/broker': [
    'worker/cdp',
    'type:worker/attached',
    'type:worker/egress',
    'type:worker/tally',
    'type:worker/client-tally',
    'protocol/cdp',
    'type:protocol',
    'type:failures',
    'type:clock',
    'wait',
  ],
  host: ['type:clock', 'type:metrics'],
  store: ['type:clock', 'metrics', 'liveness'],
  http: ['protocol', 'failures', 'nearest', 'census', 'type:clock', 'type:metrics/snapshot', 'type:metrics/views'],
  tunnel: ['protocol/cdp', 'type:protocol', 'type:clock'],
  page: [],
  server: [
    'metrics',
    'config',
    'failures',
    'clock',
    'garbage',
    'wait',
    'liveness',
    'type:log',
    'protocol',
    'admission',
    'pool',
    'browsers',
    'chromium',
    'host',
    'store',
    'http',
    'egress',
    'tunnel',
  ],
  main: ['config', 'server', 'host/cgroup', 'log', 'store', 'http/parameters', 'chromium/discover'],
};

/** Folders inside a room; no room has others. */
export const INNER_FOLDERS: readonly string[] = ['src/metrics/families', 'src/metrics/views'];

export interface Door {
  readonly package: string;
  /** Beginnings of the paths that may import it. */
  readonly in: readonly string[];
  /** Beginnings of the paths that may import its types besides. */
  readonly typesIn?: readonly string[];
  /** Its values come in through a single file. */
  readonly isOneFile?: boolean;
}

export const DOORS: readonly Door[] = [
  { package: 'piscina', in: ['src/pool/'] },
  { package: 'playwright-core', in: ['src/worker/browser.ts'], typesIn: ['src/worker/'], isOneFile: true },
  { package: 'prom-client', in: ['src/metrics/views/'], isOneFile: true },
  { package: 'polka', in: ['src/http/'], isOneFile: true },
  { package: 'negotiator', in: ['src/http/accept.ts'] },
  { package: 'iconv-lite', in: ['src/http/job.ts'] },
  { package: 'proxy-addr', in: ['src/http/client-address.ts'] },
  { package: 'fresh', in: ['src/http/accept.ts'] },
  { package: 'pino', in: ['src/log.ts'] },
  { package: 'pino-pretty', in: ['src/log.ts'] },
  { package: 'uplot', in: ['src/page/chart.ts'] },
  { package: 'typebox', in: ['src/http/', 'src/protocol/jobs/'] },
  { package: 'ws', in: ['src/worker/broker/'], isOneFile: true },
  { package: 're2js', in: ['src/patterns.ts'] },
  { package: 'tar-fs', in: ['src/chromium/'], isOneFile: true },
  { package: '@sparticuz/chromium', in: ['src/chromium/'], isOneFile: true },
  { package: 'node:child_process', in: ['src/browsers/', 'src/chromium/'] },
  { package: 'ipaddr.js', in: ['src/egress/addresses.ts'] },
  { package: 'socks', in: ['src/egress/upstream.ts'] },
  { package: 'node:worker_threads', in: ['src/pool/', 'src/worker/', 'src/egress/'], typesIn: ['src/protocol/'] },
];

interface Edge {
  readonly from: Source;
  /** A path of ours, else undefined. */
  readonly to: string | undefined;
  readonly specifier: string;
  readonly isType: boolean;
}

/** Imports between rooms that the table does not allow, and rooms that it does not have. */
export function wrongEdges(sources: readonly Source[], rooms = ROOMS): string[] {
  return edgesOf(sources).flatMap(({ from, to, isType }) => {
    const room = roomOf(from.path);
    if (to === undefined || room === undefined || roomOf(to) === room) return [];
    const allowed = rooms[room];
    if (allowed === undefined) return [`${from.path}: no room '${room}'`];
    if (allowed.some((entry) => matches(entry, to) && (isType || !entry.startsWith('type:')))) return [];
    return [`${from.path} imports ${isType ? 'types of ' : ''}${to}`];
  });
}

/** Entries of the table, between rooms that have files, that no import uses. */
export function staleEdges(sources: readonly Source[], rooms = ROOMS): string[] {
  const present = new Set(sources.map(({ path }) => roomOf(path)));
  const edges = edgesOf(sources);
  return Object.entries(rooms).flatMap(([room, entries]) =>
    entries
      .filter((entry) => present.has(room) && present.has(entry.replace('type:', '').split('/')[0]))
      .filter((entry) => !edges.some(({ from, to }) => roomOf(from.path) === room && to && matches(entry, to)))
      .map((entry) => `${room} → ${entry}: no import uses it`),
  );
}

/** Packages imported elsewhere than at their doors, by more files than one, or without a door. */
export function wrongDoors(sources: readonly Source[], doors = DOORS): string[] {
  const wrong: string[] = [];
  const valueFiles = new Map<Door, Set<string>>();
  for (const { from, specifier, isType } of edgesOf(sources)) {
    if (roomOf(from.path) === undefined || specifier.startsWith('.')) continue;
    const door = doors.find((row) => specifier === row.package || specifier.startsWith(`${row.package}/`));
    if (door === undefined) {
      if (!specifier.startsWith('node:')) wrong.push(`${from.path} imports ${specifier}, which has no door`);
      continue;
    }
    const places = isType ? [...door.in, ...(door.typesIn ?? [])] : door.in;
    if (!places.some((place) => from.path.startsWith(place))) wrong.push(`${from.path} imports ${specifier}`);
    if (!isType) valueFiles.set(door, (valueFiles.get(door) ?? new Set()).add(from.path));
  }
  for (const [door, files] of valueFiles) {
    if (door.isOneFile && files.size > 1) wrong.push(`${door.package} has doors ${[...files].join(', ')}`);
  }
  return wrong;
}

/** Files that import each other in a circle, types included; each circle once. */
export function cycles(sources: readonly Source[]): string[] {
  const next = new Map<string, string[]>();
  for (const { from, to } of edgesOf(sources)) {
    if (to !== undefined) next.set(from.path, [...(next.get(from.path) ?? []), to]);
  }
  const found: string[] = [];
  const finished = new Set<string>();
  const walk = (path: string, trail: readonly string[]): void => {
    const start = trail.indexOf(path);
    if (start >= 0) found.push([...trail.slice(start), path].join(' → '));
    if (start >= 0 || finished.has(path)) return;
    for (const target of next.get(path) ?? []) walk(target, [...trail, path]);
    finished.add(path);
  };
  for (const path of next.keys()) walk(path, []);
  return found;
}

/**
 * `src/metrics/views/totals.ts` is in `metrics`, `src/clock.ts` in `clock`, `src/worker/cdp/pipe.ts` in `worker/cdp`,
 * which has a row; undefined outside of `src/`.
 */
export function roomOf(path: string, rooms: Readonly<Record<string, unknown>> = ROOMS): string | undefined {
  const [, outer, inner] = /^src\/(([^/]+)\/[^/]+)\//.exec(path) ?? [];
  if (outer !== undefined && inner !== undefined && Object.hasOwn(rooms, outer)) return outer;
  return /^src\/([^/]+?)(?:\.ts|\/.*)$/.exec(path)?.[1];
}

function edgesOf(sources: readonly Source[]): Edge[] {
  return sources.flatMap((from) =>
    importsOf(from.text).map(({ specifier, isType }) => {
      const isOurs = specifier.startsWith('.');
      const target = posix.join(posix.dirname(from.path), specifier).replace(/\.js$/, '.ts');
      return { from, to: isOurs ? target : undefined, specifier, isType };
    }),
  );
}

function matches(entry: string, path: string): boolean {
  const allowed = `src/${entry.replace('type:', '')}`;
  return path === `${allowed}.ts` || path.startsWith(`${allowed}/`);
}
