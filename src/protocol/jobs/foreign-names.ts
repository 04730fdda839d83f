/**
 * Names that clients of browserless and Puppeteer send and that are not ours, and what becomes of each. Here are those
 * of bodies with a page and of queries; those of one kind are in its row. The README's tables derive from this. Pure
 * data.
 */

export interface ForeignKey {
  /** From the top of the body; `*` stands for each entry of a list. */
  readonly path: string;
  /**
   * `renamed`: it is taken as `to`. `ignored`: it changes nothing for the client, and the log says so once. `refused`:
   * 400, because it would change something.
   */
  readonly fate: 'renamed' | 'ignored' | 'refused';
  readonly to?: string;
  /** Values besides null with which even a refused name changes nothing. */
  readonly harmless?: readonly unknown[];
  readonly why: string;
}

const COOKIES_OWN = ['priority', 'sameParty', 'session', 'size', 'sourcePort', 'sourceScheme'];
const NO_FILES = 'sessions neither read nor write files of the server';

export const FOREIGN_TO_PAGES: readonly ForeignKey[] = [
  { path: 'emulateMedia', fate: 'renamed', to: 'emulateMediaType', why: 'it is the name of v1' },
  { path: 'addScriptTag.*.path', fate: 'refused', why: NO_FILES },
  { path: 'addStyleTag.*.path', fate: 'refused', why: NO_FILES },
  { path: 'addScriptTag.*.id', fate: 'ignored', why: 'tags are known by what they do' },
  ...COOKIES_OWN.map((name): ForeignKey => {
    return { path: `cookies.*.${name}`, fate: 'ignored', why: 'browsers tell it of cookies that they have' };
  }),
];

/** For options that say where to write the result. */
export const FOREIGN_FILE: ForeignKey = { path: 'options.path', fate: 'refused', why: NO_FILES };

export interface ForeignParameter {
  readonly name: string;
  readonly fate: 'ignored' | 'refused';
  readonly why: string;
}

const SHARED = 'sessions over HTTP share a browser, which has been started already';
const NO_LISTS = 'there is no list of what would be blocked: use rejectRequestPattern';
const NO_PROXY = 'there is no pool of proxies: name one by externalProxyServer, or as proxy in the body';
const OF_BROWSERS = ['stealth', 'headless', 'dumpio', 'pause', 'ignoreDefaultArgs', 'record', 'slowMo', 'keepalive'];

/** In the query of a session. Launch flags (`--name`) are refused like `launch`. */
export const FOREIGN_PARAMETERS: readonly ForeignParameter[] = [
  ...['launch', 'userDataDir'].map((name): ForeignParameter => ({ name, fate: 'refused', why: SHARED })),
  { name: 'proxy', fate: 'refused', why: NO_PROXY },
  ...['blockAds', 'blockConsentModals'].map((name): ForeignParameter => ({ name, fate: 'ignored', why: NO_LISTS })),
  ...OF_BROWSERS.map((name): ForeignParameter => ({ name, fate: 'ignored', why: 'it is about a browser of its own' })),
];
