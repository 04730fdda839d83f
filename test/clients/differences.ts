/**
 * Where a client's own browser and the server differ, and why. Each row names a check that holds for the client's
 * browser and fails in the named way for the server's. README.md has this table.
 */

export type Client = 'puppeteer' | 'playwright';

export interface Difference {
  /** The clients whose checks these are. */
  readonly clients: readonly Client[];
  readonly check: string;
  /** How the check fails. */
  readonly error: RegExp;
  readonly instead: string;
  readonly why: string;
}

const NO_TRACE = {
  error: /Protocol error \(Tracing\.start\): headcount: Tracing\.start is not allowed/,
  instead: '`Tracing.start is not allowed`; `Profiler`, `Performance` and coverage work',
  why: 'a trace is of the whole browser, with the pages of all who share it',
};

export const DIFFERENCES: readonly Difference[] = [
  {
    clients: ['puppeteer'],
    check: 'reads files of its machine',
    error: /Protocol error \(Page\.navigate\): headcount: Page\.navigate is not allowed with this URL/,
    instead: '`Page.navigate is not allowed with this URL`; use `setContent`',
    why: "they would be the server's; pages go to `http:`, `https:`, `data:`, `blob:` and `about:blank`",
  },
  {
    clients: ['puppeteer'],
    check: 'uploads files of its machine',
    error: /headcount: DOM\.setFileInputFiles is not allowed with files: those of your machine are out of reach/,
    instead: '`DOM.setFileInputFiles is not allowed with files`; make them in the page, with `DataTransfer` and `File`',
    why: "Puppeteer sends paths only, which would be the server's; Playwright sends contents, and works",
  },
  {
    clients: ['puppeteer'],
    check: 'pastes what it has copied',
    error: /Protocol error \(Input\.dispatchKeyEvent\): headcount: Input\.dispatchKeyEvent is not allowed to paste/,
    instead: '`Input.dispatchKeyEvent is not allowed to paste`; type the text, or set it in the page',
    why: 'Chromium has one clipboard for all who share it, and what was copied would outlive its session',
  },
  {
    clients: ['puppeteer'],
    check: 'gets downloads into a folder of its own',
    error: /ENOENT: no such file or directory, open '.*file\.txt'/,
    instead: 'downloads are told of, and the folder stays empty; read them by `fetch` in the page',
    why: "they are the server's files, and go with the session",
  },
  {
    clients: ['playwright'],
    check: 'reads downloads',
    error: /ENOENT: no such file or directory, open/,
    instead: '`download.path()` is no file; read it by `fetch` in the page',
    why: "they are the server's files, and go with the session",
  },
  { clients: ['puppeteer'], check: 'records a trace', ...NO_TRACE },
  { clients: ['playwright'], check: 'traces the browser', ...NO_TRACE },
  {
    clients: ['puppeteer'],
    check: 'finds its pages again when it comes back',
    error: /its page is not there any more/,
    instead: 'who connects again has a new session, with nothing in it',
    why: 'a session ends with its connection, and its contexts with it',
  },
  {
    clients: ['playwright'],
    check: 'begins without a context',
    error: /there is another context/,
    instead: '`browser.contexts()` has one from the start, without pages and without the options of `newContext`',
    why: "over CDP a browser has a default context; the session's is its own, and fresh",
  },
];
