/**
 * Every setting, as one table: the parser of environment and flags, `--help`, `/config` and the README's table all
 * derive from it. Pure data.
 */
import { FEATURES } from './browserless.js';
import {
  addresses,
  bool,
  integer,
  type Kind,
  limitMs,
  oneOf,
  origins,
  path,
  paths,
  proxy,
  rules,
  size,
  someOf,
  text,
  tokens,
  url,
} from './kinds.js';

export interface Setting<T> {
  /** The names of the variable: ours first, then browserless's. As a flag: `--first-name`. */
  readonly names: readonly [string, ...string[]];
  readonly kind: Kind<T>;
  /** As a user would write it; null: not set. */
  readonly fallback: string | null;
  /**
   * When not set, it has the value of this setting, which is above it in the table. Needed because the value null means
   * something else.
   */
  readonly follows?: string;
  readonly isSecret?: true;
  /** Other programs read the variable in small letters as well, so it is read here too. */
  readonly isAnyCase?: true;
  readonly help: string;
}

function setting<T>(
  names: readonly [string, ...string[]],
  kind: Kind<T>,
  rest: { readonly fallback: string; readonly isSecret?: true; readonly help: string },
): Setting<T>;
function setting<T>(
  names: readonly [string, ...string[]],
  kind: Kind<T>,
  rest: Pick<Setting<T>, 'follows' | 'isSecret' | 'isAnyCase' | 'help'> & { readonly fallback: null },
): Setting<T | null>;
function setting(names: readonly [string, ...string[]], kind: Kind<unknown>, rest: object): unknown {
  return { names, kind, ...rest };
}

const DAY_MS = 86_400_000;

export const SETTINGS = {
  port: setting(['PORT'], integer(0, 65_535), {
    fallback: '3000',
    help: 'Port to listen on; `0` picks a free one. The URL is printed.',
  }),
  host: setting(['HOST'], text, {
    fallback: '127.0.0.1',
    help: 'Address to listen on. Anything beyond loopback needs `TOKEN`, or `ALLOW_ANONYMOUS=true` said on purpose.',
  }),
  token: setting(['TOKEN'], text, {
    fallback: null,
    isSecret: true,
    help: 'What clients must send: `?token=`, `Authorization: Bearer` raw or base64, or Basic.',
  }),
  tokenFile: setting(['TOKEN_FILE'], path, {
    fallback: null,
    help: 'A file that holds the token, read once at the start; not together with `TOKEN`.',
  }),
  allowAnonymous: setting(['ALLOW_ANONYMOUS'], bool, {
    fallback: 'false',
    help: 'Allows a `HOST` beyond loopback without a `TOKEN`.',
  }),
  workers: setting(['WORKERS'], integer(1, 64), {
    fallback: null,
    help: 'Worker threads, each with its own Chromium. Not set: the CPUs available, by number or quota, at most 4.',
  }),
  workerHeapMb: setting(['WORKER_HEAP_MB'], integer(48, 65_536), {
    fallback: '512',
    help: 'MiB of JavaScript heap of a worker thread, from 48; one that needs more ends with its sessions.',
  }),
  concurrent: setting(['MAX_CONCURRENT_SESSIONS', 'CONCURRENT'], integer(0, 10_000), {
    fallback: '10',
    help: 'Sessions at once, over all workers; `0`: every session is refused as if the queue were full.',
  }),
  queueLength: setting(['MAX_QUEUE_LENGTH', 'QUEUE_LENGTH', 'QUEUED'], integer(0, 1_000_000), {
    fallback: '10',
    help: 'Sessions that may wait for a slot.',
  }),
  timeoutMs: setting(['CONNECTION_TIMEOUT', 'TIMEOUT'], limitMs(1, DAY_MS * 20), {
    fallback: '30000',
    help: 'ms a session may run; `-1`: no limit.',
  }),
  maxTimeoutMs: setting(['MAX_TIMEOUT'], limitMs(1, DAY_MS * 20), {
    fallback: '900000',
    help: 'The most that `?timeout=` may ask for; `-1`: no limit, so `?timeout=-1` is allowed too.',
  }),
  queueTimeoutMs: setting(['QUEUE_TIMEOUT'], limitMs(1, DAY_MS * 20), {
    fallback: null,
    follows: 'timeoutMs',
    help: 'ms a session may wait for a slot, on its own clock; `-1`: no limit. Not set: as `CONNECTION_TIMEOUT`.',
  }),
  chromiumPath: setting(['CHROMIUM_PATH', 'CHROME_BINARY_LOCATION'], path, {
    fallback: null,
    help: 'Which Chromium. Not set: found, as `src/browsers/README.md` says.',
  }),
  prewarm: setting(['PREWARM'], integer(0, 100), {
    fallback: '1',
    help: 'Pages in contexts of their own that each worker keeps ready, at most; none after 5 idle minutes.',
  }),
  maxCpuPercent: setting(['MAX_CPU_PERCENT'], integer(1, 100), {
    fallback: '99',
    help: 'When the mean of CPU over 5 s is above this, `/pressure` says that the server is not available.',
  }),
  maxMemoryPercent: setting(['MAX_MEMORY_PERCENT'], integer(1, 100), {
    fallback: '99',
    help: 'When the mean of memory over 5 s is above this, `/pressure` says that the server is not available.',
  }),
  periodMs: setting(['METRICS_PERIOD_MS'], integer(1_000, DAY_MS), {
    fallback: '300000',
    help: 'ms that a row of `/metrics` covers.',
  }),
  periods: setting(['METRICS_PERIODS'], integer(1, 100_000), {
    fallback: '2016',
    help: 'Closed rows of `/metrics` that are kept.',
  }),
  metricsFile: setting(['METRICS_FILE', 'METRICS_JSON_PATH'], text, {
    fallback: null,
    help: 'The history file; `none`: no file. Not set: `headcount.ring` in `STATE_DIR`.',
  }),
  stateDir: setting(['STATE_DIR'], path, {
    fallback: null,
    help: 'Where the history file is. Not set: `$XDG_STATE_HOME/headcount`, or `~/.local/state/headcount`.',
  }),
  maxPayloadBytes: setting(['MAX_PAYLOAD_SIZE'], size, {
    fallback: '5mb',
    help: 'Largest body of a request.',
  }),
  maxMessageBytes: setting(['MAX_MESSAGE_SIZE'], size, {
    fallback: '8mb',
    help: 'Largest message of a client over WebSocket; a file that it uploads to a page is one.',
  }),
  idleTimeoutMs: setting(['IDLE_TIMEOUT'], limitMs(1, DAY_MS * 20), {
    fallback: '-1',
    help: 'ms that a client over WebSocket may be silent; `-1`: only the limit of its session applies.',
  }),
  enableApiGet: setting(['ENABLE_API_GET', 'ALLOW_GET'], bool, {
    fallback: 'false',
    help: 'Session routes also answer `GET ?body=<URL-encoded JSON>`.',
  }),
  enableCors: setting(['ENABLE_CORS', 'CORS'], bool, {
    fallback: 'false',
    help: 'Lets pages of other origins call the server from a browser: those of `CORS_ALLOW_ORIGIN`.',
  }),
  corsAllowOrigin: setting(['CORS_ALLOW_ORIGIN'], origins, {
    fallback: '*',
    help: 'With `ENABLE_CORS`: the origins whose pages may call the server, with commas between; `*`: all.',
  }),
  corsAllowMethods: setting(['CORS_ALLOW_METHODS'], tokens, {
    fallback: 'GET, HEAD, POST, OPTIONS',
    help: 'With `ENABLE_CORS`: the methods that those pages may use.',
  }),
  corsAllowHeaders: setting(['CORS_ALLOW_HEADERS'], tokens, {
    fallback: 'Authorization, Content-Type',
    help: 'With `ENABLE_CORS`: the headers that those pages may send.',
  }),
  corsMaxAge: setting(['CORS_MAX_AGE'], integer(0, 2 ** 31 - 1), {
    fallback: '2592000',
    help: 'With `ENABLE_CORS`: seconds for which a browser may remember these answers.',
  }),
  allowInsecureCerts: setting(['ALLOW_INSECURE_CERTS'], bool, {
    fallback: 'false',
    help: 'Lets a session load pages whose certificate cannot be trusted, when it asks by `acceptInsecureCerts`.',
  }),
  extraCaCerts: setting(['EXTRA_CA_CERTS'], paths, {
    fallback: null,
    help: 'PEM files of authorities that browsers trust as well, with commas between. Needs `certutil`.',
  }),
  disabledFeatures: setting(['DISABLED_FEATURES'], someOf(FEATURES), {
    fallback: '[]',
    help: "Routes that answer 404, by browserless's names such as `killEndpoint`; commas between, or a JSON array.",
  }),
  networkPolicy: setting(['NETWORK_POLICY'], oneOf('open', 'no-metadata', 'public'), {
    fallback: 'no-metadata',
    help: 'What pages may reach: everything, everything but what clouds tell their machines, or public addresses only.',
  }),
  networkAllow: setting(['NETWORK_ALLOW'], rules, {
    fallback: null,
    help: 'What pages may reach besides: names, `*.` names, addresses and networks, each with `:port` or without.',
  }),
  networkDeny: setting(['NETWORK_DENY'], rules, {
    fallback: null,
    help: 'What pages may never reach, whatever the other settings say; written as `NETWORK_ALLOW` is.',
  }),
  httpsProxy: setting(['HTTPS_PROXY'], proxy, {
    fallback: null,
    isAnyCase: true,
    isSecret: true,
    help: 'The proxy for what pages load from every port but 80: `http://`, `https://` or `socks5://`.',
  }),
  httpProxy: setting(['HTTP_PROXY'], proxy, {
    fallback: null,
    isAnyCase: true,
    isSecret: true,
    help: 'The same for port 80.',
  }),
  allProxy: setting(['ALL_PROXY'], proxy, {
    fallback: null,
    isAnyCase: true,
    isSecret: true,
    help: 'The same, for ports whose own setting above is not set.',
  }),
  noProxy: setting(['NO_PROXY'], text, {
    fallback: null,
    isAnyCase: true,
    help: 'What is reached without a proxy: names, `.` names, addresses, networks, or `*`; with commas between.',
  }),
  allowClientProxy: setting(['ALLOW_CLIENT_PROXY'], bool, {
    fallback: 'false',
    help: 'Lets a session name a proxy of its own. Not with `NETWORK_POLICY=public`.',
  }),
  maxSessionBytes: setting(['MAX_SESSION_BYTES'], size, {
    fallback: null,
    help: 'Bytes that the pages of a session may send and receive. Not set: no limit.',
  }),
  drainTimeoutMs: setting(['DRAIN_TIMEOUT'], integer(0, DAY_MS), {
    fallback: '30000',
    help: 'ms that SIGTERM and SIGINT wait for running sessions.',
  }),
  drainLeadMs: setting(['DRAIN_LEAD_MS'], integer(0, DAY_MS), {
    fallback: '0',
    help: 'ms before `DRAIN_TIMEOUT` begins, in which `/health/ready` says no and sessions are still taken.',
  }),
  proxyUrl: setting(['PROXY_URL', 'EXTERNAL'], url, {
    fallback: null,
    help: 'The address that clients see; its host is accepted as `Host` and `Origin`.',
  }),
  logLevel: setting(['LOG_LEVEL'], oneOf('trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'), {
    fallback: 'info',
    help: 'How much is logged: JSON lines on stdout, readable lines when stdout is a terminal.',
  }),
  logTargets: setting(['LOG_TARGETS'], oneOf('none', 'host', 'url'), {
    fallback: 'host',
    help: "How much of a page's URL is shown, in the log and elsewhere; `url`: all but its query.",
  }),
  trustProxy: setting(['TRUST_PROXY'], addresses, {
    fallback: '[]',
    help: 'Proxies whose `X-Forwarded-For` is believed: addresses or networks; with commas between.',
  }),
  testSessions: setting(['HEADCOUNT_TEST_SESSIONS'], bool, {
    fallback: 'false',
    help: 'For tests and benches only: `POST /test` runs sessions without a browser, or ends a worker thread.',
  }),
} as const;

export type SettingKey = keyof typeof SETTINGS;
type ValueOf<S> = S extends Setting<infer T> ? T : never;
export type Config = { readonly [K in SettingKey]: ValueOf<(typeof SETTINGS)[K]> };
