/**
 * What browserless's clients ask for over WebSocket, in the query or in `launch`, and a context cannot have; and what
 * becomes of it. The README's table derives from this. Pure data.
 */
import type { ForeignParameter } from './foreign-names.js';

const LATER = 'it needs a browser of its own, which comes later';
const NO_FILES = 'sessions neither read nor write files of the server';
const SHARED = 'sessions share browsers that are running already';
const NO_LISTS = 'there is no list of what would be blocked: block requests in the client';

const named = (names: readonly string[], fate: ForeignParameter['fate'], why: string): ForeignParameter[] =>
  names.map((name) => ({ name, fate, why }));

const OF_BROWSERS = ['headless', 'stealth', 'dumpio', 'pause', 'devtools', 'slowMo', 'ignoreDefaultArgs', 'record'];
const OF_LAUNCHERS = ['pipe', 'protocol', 'browser', 'channel', 'handleSIGINT', 'handleSIGTERM', 'handleSIGHUP'];
const HARMLESS_FLAGS = [
  ...['--headless', '--no-sandbox', '--disable-setuid-sandbox', '--disable-dev-shm-usage', '--disable-gpu'],
  ...['--no-zygote', '--single-process', '--no-first-run', '--no-default-browser-check', '--disable-infobars'],
  ...['--disable-extensions', '--disable-default-apps', '--disable-sync', '--disable-translate', '--disable-breakpad'],
  ...['--disable-background-networking', '--disable-background-timer-throttling', '--disable-renderer-backgrounding'],
  ...['--disable-backgrounding-occluded-windows', '--disable-component-update', '--disable-software-rasterizer'],
  ...['--disable-notifications', '--metrics-recording-only', '--mute-audio', '--hide-scrollbars', '--start-maximized'],
  ...['--disable-blink-features', '--disable-features', '--enable-features'],
];

/** All other flags and other names in `launch` follow the row of `--…`. */
export const FOREIGN_TO_CLIENTS: readonly ForeignParameter[] = [
  ...named(['blockAds', 'blockConsentModals'], 'ignored', NO_LISTS),
  ...named([...OF_BROWSERS, ...OF_LAUNCHERS, ...HARMLESS_FLAGS], 'ignored', SHARED),
  ...named(['userDataDir', '--user-data-dir', 'executablePath', 'env'], 'refused', NO_FILES),
  ...named(['keepalive'], 'refused', 'a session ends with its socket; coming back to one comes later'),
  ...named(['proxy'], 'refused', 'there is no pool of proxies: name one by externalProxyServer'),
  ...named(['--…'], 'refused', LATER),
];
