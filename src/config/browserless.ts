/**
 * Every environment variable of browserless's, v1 (1.61) and v2 (2.56), and what becomes of it here. A variable that
 * restricts is honoured or stops the start: nobody must be less protected than before without knowing it. Pure data.
 */

export interface Foreign {
  readonly names: readonly string[];
  /** `setting`: honoured, see SETTINGS. `ignored`: warned about. `refused`: stops the start. */
  readonly fate: 'setting' | 'ignored' | 'refused';
  /** Values that ask for what holds here anyway, in lower case: they pass in silence. */
  readonly same?: readonly string[];
  /** For a refused variable: the values that restrict; others are ignored with a warning. Not given: all restrict. */
  readonly restricting?: RegExp;
  readonly why: string;
}

const OFF = ['false', '0'];
const ON = ['true', '1'];

export const BROWSERLESS: readonly Foreign[] = [
  {
    names: [
      ...['ALLOW_GET', 'CHROME_BINARY_LOCATION', 'CONCURRENT', 'CONNECTION_TIMEOUT', 'CORS', 'CORS_ALLOW_HEADERS'],
      ...['CORS_ALLOW_METHODS', 'CORS_ALLOW_ORIGIN', 'CORS_MAX_AGE', 'DISABLED_FEATURES', 'ENABLE_API_GET'],
      ...['ENABLE_CORS', 'EXTERNAL', 'HOST', 'MAX_CONCURRENT_SESSIONS', 'MAX_CPU_PERCENT', 'MAX_MEMORY_PERCENT'],
      ...['MAX_PAYLOAD_SIZE', 'MAX_QUEUE_LENGTH', 'METRICS_JSON_PATH', 'PORT', 'PROXY_URL', 'QUEUED', 'QUEUE_LENGTH'],
      ...['TIMEOUT', 'TOKEN'],
    ],
    fate: 'setting',
    why: 'works, see "What can be set?" in the README',
  },
  {
    names: ['DEMO_MODE'],
    fate: 'refused',
    same: OFF,
    why: 'headcount has no mode that takes less from strangers: set TOKEN, and leave it out',
  },
  {
    names: ['SINGLE_RUN'],
    fate: 'refused',
    same: OFF,
    why: 'headcount does not end after a session; each has a fresh context of its own',
  },
  {
    names: ['ENABLE_DEBUG_VIEWER'],
    fate: 'refused',
    same: ON,
    why: 'say DISABLED_FEATURES=debugViewer, which takes /sessions and /failures away',
  },
  {
    names: ['DEFAULT_LAUNCH_ARGS'],
    fate: 'refused',
    same: ['[]'],
    restricting: /--(proxy-|host-|ssl-|cipher-|block-|disable-(javascript|webgl|webrtc|3d-apis))/i,
    why: 'headcount launches Chromium with flags of its own; ones that keep pages from something have no effect',
  },
  {
    names: ['PROXY_HOST', 'PROXY_PORT', 'PROXY_SSL'],
    fate: 'ignored',
    same: OFF,
    why: 'set PROXY_URL to the address that clients see',
  },
  {
    names: ['ALLOW_FILE_PROTOCOL'],
    fate: 'ignored',
    same: OFF,
    why: 'sessions never read files',
  },
  {
    names: ['CORS_ALLOW_CREDENTIALS'],
    fate: 'ignored',
    same: OFF,
    why: 'pages of other origins never send cookies here; a token does not need that',
  },
  { names: ['CORS_EXPOSE_HEADERS'], fate: 'ignored', same: ['*'], why: 'headcount exposes the headers of its answers' },
  {
    names: ['HEALTH', 'PRE_REQUEST_HEALTH_CHECK'],
    fate: 'ignored',
    same: OFF,
    why: 'sessions are taken however busy the machine is; /pressure says so',
  },
  { names: ['EXIT_ON_HEALTH_FAILURE'], fate: 'ignored', same: OFF, why: 'ask /health/live and /health/ready instead' },
  {
    names: ['CPU_EMA_ALPHA', 'CPU_OVERLOAD_HYSTERESIS', 'CPU_SAMPLE_INTERVAL_MS', 'MACHINE_STATS_SOURCE'],
    fate: 'ignored',
    same: ['auto'],
    why: 'CPU and memory are those of the cgroup, else of the machine, as means over 5 s',
  },
  {
    names: [
      ...['ERROR_ALERT_URL', 'FAILED_HEALTH_URL', 'QUEUE_ALERT_URL', 'REJECT_ALERT_URL', 'SESSION_CHECK_FAIL_URL'],
      ...['TIMEOUT_ALERT_URL'],
    ],
    fate: 'ignored',
    why: 'there are no webhooks; the Prometheus alerts tell the same',
  },
  {
    names: ['CHROME_REFRESH_TIME', 'KEEP_ALIVE', 'MAX_CHROME_REFRESH_RETRIES', 'PREBOOT_CHROME', 'PREBOOT_QUANTITY'],
    fate: 'ignored',
    same: [...ON, ...OFF],
    why: 'browsers are always running, and each session gets a fresh context',
  },
  { names: ['DEFAULT_HEADLESS'], fate: 'ignored', same: ON, why: 'Chromium is always headless' },
  {
    names: ['DEFAULT_BLOCK_ADS', 'DEFAULT_DUMPIO', 'DEFAULT_IGNORE_DEFAULT_ARGS', 'DEFAULT_STEALTH'],
    fate: 'ignored',
    same: OFF,
    why: 'sessions share running browsers, so there is no default of this kind',
  },
  {
    names: ['DEFAULT_IGNORE_HTTPS_ERRORS'],
    fate: 'ignored',
    same: OFF,
    why: 'each session says so for itself, where ALLOW_INSECURE_CERTS=true allows it',
  },
  {
    names: ['DEBUGGER', 'ENABLE_DEBUGGER', 'ENABLE_HEAP_DUMP', 'ENABLE_XVBF'],
    fate: 'ignored',
    same: OFF,
    why: 'there is none',
  },
  {
    names: [
      ...['DATA_DIR', 'DEFAULT_USER_DATA_DIR', 'DISABLE_AUTO_SET_DOWNLOAD_BEHAVIOR', 'DOWNLOAD_DIR'],
      ...['WORKSPACE_DELETE_EXPIRED', 'WORKSPACE_DIR', 'WORKSPACE_EXPIRE_DAYS'],
    ],
    fate: 'ignored',
    why: 'no session leaves anything behind; all files are below TMPDIR, and go with the server',
  },
  {
    names: ['FUNCTION_BUILT_INS', 'FUNCTION_ENABLE_INCOGNITO_MODE', 'FUNCTION_ENV_VARS', 'FUNCTION_EXTERNALS'],
    fate: 'ignored',
    why: "no client's code runs in Node.js",
  },
  {
    names: ['CONNECT_TIMEOUT', 'MAX_RECONNECT_TIME', 'RETRIES', 'SOCKET_CLOSE_METHOD', 'USE_CHROME_STABLE'],
    fate: 'ignored',
    why: 'it has no meaning here',
  },
  { names: ['ROUTES', 'STATIC'], fate: 'ignored', why: 'routes and pages are those of headcount' },
  { names: ['PRINT_GET_STARTED_LINKS'], fate: 'ignored', same: OFF, why: 'only the URL is printed' },
];

/** What `DISABLED_FEATURES` may name. Features whose route headcount does not have are off anyway. */
export const FEATURES = [
  ...['apiDocsEndpoint', 'configEndpoint', 'contentEndpoint', 'debugViewer', 'debugger', 'downloadEndpoint'],
  ...['functionEndpoint', 'introspectionEndpoint', 'killEndpoint', 'metricsEndpoint', 'pdfEndpoint'],
  ...['pressureEndpoint', 'prometheus', 'scrapeEndpoint', 'screencastEndpoint', 'screenshotEndpoint'],
  ...['statsEndpoint', 'workspaces'],
] as const;

const ROUTES_OF: Readonly<Record<string, readonly string[]>> = {
  debugViewer: ['sessions', 'failures'],
  // That route describes the browser itself.
  introspectionEndpoint: ['browserVersion'],
  killEndpoint: ['kill', 'killAll'],
  // The live page shows the same figures.
  metricsEndpoint: ['metrics', 'totals', 'events'],
};

/** By their names in the table of routes. A feature has its route's name unless the table above says otherwise. */
export function disabledRoutes(features: readonly string[]): ReadonlySet<string> {
  return new Set(features.flatMap((feature) => ROUTES_OF[feature] ?? [feature.replace(/Endpoint$/, '')]));
}
