/**
 * The closed sets of names that both sides of the thread boundary use, and that label the metrics. A name that is not
 * listed here is counted as `other`, so series cannot grow. Pure data.
 */

/** The parts of a session's time, in their order. `close` comes after the answer and still holds the slot. */
export const PHASES = ['context', 'page', 'navigate', 'run', 'close'] as const;
export type Phase = (typeof PHASES)[number];

/** What a ready page was to the session that asked for one. */
export const PREWARM_RESULTS = ['hit', 'miss'] as const;

/**
 * Why a thread had to be replaced. `pool_rebuilt`: a thread that was started in another's place never began to work.
 */
export const WORKER_EXIT_REASONS = ['exit', 'error', 'out_of_memory', 'unresponsive', 'pool_rebuilt'] as const;
export type WorkerExitReason = (typeof WORKER_EXIT_REASONS)[number];

/** Chromium's errors of main navigations that failed. It has hundreds; these are the ones that matter. */
export const NETWORK_ERRORS = [
  'net::ERR_ABORTED',
  'net::ERR_ACCESS_DENIED',
  'net::ERR_ADDRESS_UNREACHABLE',
  'net::ERR_BLOCKED_BY_CLIENT',
  'net::ERR_BLOCKED_BY_RESPONSE',
  'net::ERR_CERT_AUTHORITY_INVALID',
  'net::ERR_CERT_COMMON_NAME_INVALID',
  'net::ERR_CERT_DATE_INVALID',
  'net::ERR_CONNECTION_CLOSED',
  'net::ERR_CONNECTION_REFUSED',
  'net::ERR_CONNECTION_RESET',
  'net::ERR_CONNECTION_TIMED_OUT',
  'net::ERR_CONTENT_DECODING_FAILED',
  'net::ERR_CONTENT_LENGTH_MISMATCH',
  'net::ERR_EMPTY_RESPONSE',
  'net::ERR_FAILED',
  'net::ERR_HTTP2_PROTOCOL_ERROR',
  'net::ERR_INCOMPLETE_CHUNKED_ENCODING',
  'net::ERR_INTERNET_DISCONNECTED',
  'net::ERR_INVALID_AUTH_CREDENTIALS',
  'net::ERR_INVALID_HTTP_RESPONSE',
  'net::ERR_INVALID_RESPONSE',
  'net::ERR_NAME_NOT_RESOLVED',
  'net::ERR_NETWORK_CHANGED',
  'net::ERR_PROXY_CONNECTION_FAILED',
  'net::ERR_SSL_PROTOCOL_ERROR',
  'net::ERR_SSL_VERSION_OR_CIPHER_MISMATCH',
  'net::ERR_TIMED_OUT',
  'net::ERR_TOO_MANY_REDIRECTS',
  'net::ERR_UNKNOWN_URL_SCHEME',
  'net::ERR_UNSAFE_PORT',
  'net::ERR_UNSAFE_REDIRECT',
] as const;

/**
 * Commands of CDP that are counted by name when a client is refused them. Some are let through or not, depending on
 * what they name. Others are never let through: those here are used by client libraries, or reach for the browser or
 * its machine.
 */
export const REFUSED_METHODS = [
  'Autofill.trigger',
  'BluetoothEmulation.enable',
  'Browser.crash',
  'Browser.executeBrowserCommand',
  'Browser.getBrowserCommandLine',
  'Browser.getHistograms',
  'DOM.getFileInfo',
  'DOM.setFileInputFiles',
  'DeviceAccess.enable',
  'Emulation.addScreen',
  'Extensions.loadUnpacked',
  'Fetch.continueRequest',
  'FileSystem.getDirectory',
  'HeadlessExperimental.beginFrame',
  'Input.dispatchDragEvent',
  'Memory.simulatePressureNotification',
  'Network.loadNetworkResource',
  'Network.setRequestInterception',
  'PWA.install',
  'Page.navigate',
  'Page.setDownloadBehavior',
  'Security.handleCertificateError',
  'Security.setIgnoreCertificateErrors',
  'Security.setOverrideCertificateErrors',
  'SystemInfo.getInfo',
  'SystemInfo.getProcessInfo',
  'Target.attachToBrowserTarget',
  'Target.attachToTarget',
  'Target.createBrowserContext',
  'Target.createTarget',
  'Target.exposeDevToolsProtocol',
  'Target.sendMessageToTarget',
  'Target.setAutoAttach',
  'Target.setDiscoverTargets',
  'Target.setRemoteLocations',
  'Tethering.bind',
  'Tracing.start',
  'WebMCP.enable',
] as const;

/** What users are told of when Chromium has no font for it. */
export const FONT_SCRIPTS = [
  ...(['Latin', 'Chinese', 'Japanese', 'Korean', 'colour emoji'] as const),
  ...(['Arabic', 'Hebrew', 'Thai', 'Devanagari'] as const),
] as const;
export type FontScript = (typeof FONT_SCRIPTS)[number];

export const BROWSER_ROLES = ['shard'] as const;
export type BrowserRole = (typeof BROWSER_ROLES)[number];
/** Why a browser that lives must be ended: it says nothing, or it answers and can open no page. */
export type UnusableReason = 'unresponsive' | 'no_pages';
export const BROWSER_EXIT_REASONS = [
  'recycled',
  'session_end',
  'crash',
  'oom',
  'unresponsive',
  'no_pages',
  'killed',
  'shutdown',
] as const;
export type BrowserExitReason = (typeof BROWSER_EXIT_REASONS)[number];
export const LAUNCH_FAILURE_REASONS = ['spawn', 'attach', 'timeout'] as const;
export type LaunchFailureReason = (typeof LAUNCH_FAILURE_REASONS)[number];

/** How often a worker thread gives a sign of life in its lane, and main looks for it. */
export const HEARTBEAT_MS = 1_000;
