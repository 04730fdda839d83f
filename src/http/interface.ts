/**
 * The HTTP interface as data: every route once. From it come label values, the edge's checks before a handler, the list
 * at `/`, and the README's table. Handlers are joined to routes by name, and the compiler says which of the two is
 * missing. Pure.
 */
import type { TSchema } from 'typebox';
import { JOB_KINDS, JOBS, type JobKind } from '../protocol/jobs/jobs.js';
import { OF_CONTEXTS, OF_SESSIONS } from './client-parameters.js';
import {
  ANY_TRACKING_ID,
  anything,
  bareFlag,
  COUNT,
  flag,
  instant,
  JSON_BODY,
  OPERATION,
  type Parameter,
  TIMEOUT,
  TRACKING_ID,
} from './parameters.js';
import type { Handle, Route } from './route.js';
import type { Accept, UpgradeRoute } from './upgrade.js';

/** Features that settings switch on. */
export interface Switches {
  readonly apiGet: boolean;
  readonly testSessions: boolean;
}

export interface RouteRow {
  /**
   * As polka writes them, and as values of the label `route`. The first is the route's own path, the others are
   * aliases.
   */
  readonly paths: readonly string[];
  readonly methods: readonly string[];
  /** What it answers, for the README. */
  readonly about: string;
  /** Needs no token. */
  readonly isOpen?: true;
  /** Answers requests from foreign origins and hosts too: health checks come from anywhere and change nothing. */
  readonly isForAnyOrigin?: true;
  /** A link on a page of another site may lead here, because the route changes nothing and costs nothing. */
  readonly isLinkable?: true;
  readonly query?: Readonly<Record<string, Parameter<unknown>>>;
  /** The JSON that it takes. */
  readonly body?: TSchema;
  /** Media types of its answers by status, when all is well; '' for no body. */
  readonly answers: Readonly<Record<number, readonly string[]>>;
  /** The route exists only when this is switched on. */
  readonly onlyWith?: keyof Switches;
  /** Its answer switches to another protocol. */
  readonly isUpgrade?: true;
  /** Methods that exist only when something is switched on. */
  readonly methodsWith?: Readonly<Record<string, keyof Switches>>;
}

const GET = ['GET', 'HEAD'];
const JSON_TYPE = ['application/json'];
const EXPOSITION = ['text/plain', 'application/openmetrics-text'];

const SELECTION = {
  since: instant('Rows from here on.'),
  until: instant('Rows up to here.'),
  last: COUNT,
  sessionTimes: flag('Whether rows have `sessionTimes`.'),
};

/** The prefixes of browserless v2; here all mean the same Chromium. */
const SESSION_PREFIXES = ['', '/chromium', '/chrome'];
const SESSION = {
  methods: ['POST'],
  methodsWith: { GET: 'apiGet' },
  query: {
    timeout: TIMEOUT,
    trackingId: TRACKING_ID,
    body: JSON_BODY,
    acceptInsecureCerts: bareFlag('As in the body.'),
    ignoreHTTPSErrors: bareFlag('As `acceptInsecureCerts`, which is its later name.'),
    externalProxyServer: anything('As `proxy` in the body: its URL, with `user:password@` or without.'),
    '--proxy-server': anything('As `externalProxyServer`.'),
  },
} as const;

function sessionRow(kind: JobKind) {
  const { about, produces, body } = JOBS[kind];
  const paths = SESSION_PREFIXES.map((prefix) => `${prefix}/${kind}`);
  return { ...SESSION, paths, about, body, answers: { 200: produces } };
}

export function mapKinds<T>(make: (kind: JobKind) => T): { readonly [K in JobKind]: T } {
  // Every kind is there, because `JOB_KINDS` lists them all.
  return Object.fromEntries(JOB_KINDS.map((kind) => [kind, make(kind)])) as { [K in JobKind]: T };
}

export const ROUTES = {
  page: {
    paths: ['/'],
    methods: GET,
    about: 'the live page; a client that does not ask for HTML gets the list of routes',
    isOpen: true,
    isLinkable: true,
    answers: { 200: ['text/html', 'text/plain'] },
  },
  pageFile: {
    paths: ['/page/:file'],
    methods: GET,
    about: 'what the live page is made of',
    isOpen: true,
    isLinkable: true,
    answers: { 200: ['text/css', 'text/javascript', 'image/svg+xml'] },
  },
  live: {
    paths: ['/health/live'],
    methods: GET,
    about: '200 while the main loop turns; needs no token',
    isOpen: true,
    isForAnyOrigin: true,
    answers: { 200: JSON_TYPE },
  },
  ready: {
    paths: ['/health/ready'],
    methods: GET,
    about: 'whether a session sent now would be taken: 200, or 503 with the `reason`; needs no token',
    isOpen: true,
    isForAnyOrigin: true,
    answers: { 200: JSON_TYPE, 503: JSON_TYPE },
  },
  active: { paths: ['/active'], methods: GET, about: 'the same as 204 or 503', answers: { 204: [], 503: [] } },
  pressure: {
    paths: ['/pressure'],
    methods: GET,
    about: 'what browserless calls pressure: running, queued, limits, CPU and memory, whether a session would be taken',
    answers: { 200: ['application/json', 'text/plain'], 503: ['text/plain'] },
  },
  config: {
    paths: ['/config'],
    methods: GET,
    about: 'the effective settings, secrets hidden',
    answers: { 200: JSON_TYPE },
  },
  meta: {
    paths: ['/meta'],
    methods: GET,
    about: 'versions of headcount, Node.js, playwright-core and Chromium; `host`, and `startedAt` in epoch ms',
    answers: { 200: JSON_TYPE },
  },
  browserVersion: {
    paths: ['/json/version'],
    methods: GET,
    about: 'where a client over WebSocket connects, for those that know only this address',
    answers: { 200: JSON_TYPE },
  },
  sessions: {
    paths: ['/sessions'],
    methods: GET,
    about:
      "waiting and running sessions: id, kind, trackingId, worker, state, phase, page's host, start, age, client's " +
      "address, of WebSocket clients their pages' hosts and silence; `?trackingId=` filters",
    query: { trackingId: ANY_TRACKING_ID },
    answers: { 200: JSON_TYPE },
  },
  failures: {
    paths: ['/failures'],
    methods: GET,
    about: 'the last 200 sessions that failed or were refused, latest first, with code, message and host; `?last=N`',
    query: { last: COUNT },
    answers: { 200: JSON_TYPE },
  },
  killAll: {
    paths: ['/kill/all'],
    methods: ['GET'],
    about: 'ends all sessions, waiting ones too; 204',
    answers: { 204: [] },
  },
  kill: {
    paths: ['/kill/:id'],
    methods: ['GET'],
    about: 'ends sessions by id or trackingId, waiting ones too; 204, or 404 when there is none of that name',
    answers: { 204: [] },
  },
  events: {
    paths: ['/events'],
    methods: ['GET'],
    about: 'server-sent events, once a second: live row, pressure, `notReady`, `recent` outcomes, workers',
    answers: { 200: ['text/event-stream'] },
  },
  metrics: {
    paths: ['/metrics'],
    methods: GET,
    about: 'the week, a row for each period; to a Prometheus the same as `/prometheus`',
    query: { ...SELECTION, points: { ...COUNT, about: 'At most so many rows, each merged from whole periods.' } },
    answers: { 200: ['application/json', ...EXPOSITION] },
  },
  totals: {
    paths: ['/metrics/all', '/metrics/total'],
    methods: GET,
    about: 'the totals of those rows',
    query: SELECTION,
    answers: { 200: JSON_TYPE },
  },
  prometheus: { paths: ['/prometheus'], methods: GET, about: 'metrics for Prometheus', answers: { 200: EXPOSITION } },
  ...mapKinds(sessionRow),
  test: {
    paths: ['/test'],
    methods: ['POST'],
    about: JOBS.test.about,
    query: { timeout: TIMEOUT, trackingId: TRACKING_ID, operation: OPERATION },
    answers: { 200: JOBS.test.produces },
    onlyWith: 'testSessions',
  },
} as const satisfies Record<string, RouteRow>;

/** Where WebSockets are, as routes: their answer switches to another protocol. */
export const UPGRADES = {
  cdp: {
    paths: ['/', '/chromium', '/chrome'],
    methods: ['GET'],
    isUpgrade: true,
    about: 'a browser, for any client of the Chrome DevTools Protocol: `puppeteer.connect`, `chromium.connectOverCDP`',
    query: { ...OF_SESSIONS, ...OF_CONTEXTS },
    answers: { 101: [] },
  },
} as const satisfies Record<string, RouteRow>;

export type Table = Readonly<Record<string, RouteRow>>;

/** What the query of a route can say; every part may be missing. */
export type GivenOf<R extends RouteRow> = R extends { readonly query: infer Q }
  ? { readonly [N in keyof Q]?: Q[N] extends Parameter<infer T> ? T : never }
  : Readonly<Record<never, never>>;

/** A handler for every route of the table. */
export type HandlersOf<T extends Table> = { readonly [N in keyof T]: Handle<GivenOf<T[N]>> };
export type Handlers = HandlersOf<typeof ROUTES>;

export type Acceptors = { readonly [N in keyof typeof UPGRADES]: Accept<GivenOf<(typeof UPGRADES)[N]>> };

/** A path that is an alias becomes a route of its own. */
export function upgradesOf(acceptors: Acceptors): UpgradeRoute[] {
  return Object.entries(UPGRADES).flatMap(([name, row]) => {
    const accept = acceptors[name as keyof typeof UPGRADES];
    return row.paths.map((path) => ({ path, query: row.query, accept }));
  });
}

/** The routes that exist with these switches. A path that is an alias becomes a route of its own. */
export function routesOf<T extends Table>(table: T, handlers: HandlersOf<T>, switches: Switches): Route[] {
  return Object.entries(table).flatMap(([name, row]) => {
    const handle: Handle<never> | undefined = handlers[name];
    if (handle === undefined || !isOn(row, switches)) return [];
    const methods = methodsOf(row, switches);
    return row.paths.map((path) => ({ ...row, path, methods, query: row.query ?? {}, handle }));
  });
}

/** A route that exists with these switches, for lists. */
export interface Listed {
  readonly path: string;
  readonly methods: readonly string[];
  readonly isUpgrade: boolean;
}

export function listOf(table: Table, switches: Switches): Listed[] {
  return Object.values(table).flatMap((row) => {
    const methods = methodsOf(row, switches);
    return isOn(row, switches) ? row.paths.map((path) => ({ path, methods, isUpgrade: row.isUpgrade ?? false })) : [];
  });
}

export function pathsOf(table: Table, switches: Switches): string[] {
  return listOf(table, switches).map(({ path }) => path);
}

/** Statuses of all answers when all is well. */
export function statusesOf(table: Table): number[] {
  return [...new Set(Object.values(table).flatMap(({ answers }) => Object.keys(answers).map(Number)))];
}

function isOn({ onlyWith }: RouteRow, switches: Switches): boolean {
  return onlyWith === undefined || switches[onlyWith];
}

function methodsOf({ methods, methodsWith = {} }: RouteRow, switches: Switches): string[] {
  const extra = Object.entries(methodsWith).flatMap(([method, one]) => (switches[one] ? [method] : []));
  return [...methods, ...extra];
}
