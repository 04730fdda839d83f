/**
 * The rows of the table of keys, and what was answered to them. Pure types.
 */
import type { PNG } from 'pngjs';
import type { JobKind } from '../../src/protocol/jobs/jobs.js';

export interface Printed {
  readonly pages: readonly PrintedPage[];
  readonly hasOutline: boolean;
  readonly bytes: Buffer;
}

export interface PrintedPage {
  /** In points. */
  readonly width: number;
  readonly height: number;
  readonly items: readonly { readonly text: string; readonly x: number; readonly y: number; readonly size: number }[];
  /** Colours of what is filled. */
  readonly fills: readonly string[];
}

/** What a row says of its answer: each is looked at in its own form. */
export interface Tells {
  /** A status that is none of success, and what its message must have. */
  readonly refusal?: readonly [status: number, message: RegExp];
  readonly bytes?: (body: Buffer) => unknown;
  readonly png?: (picture: PNG) => unknown;
  readonly pdf?: (printed: Printed) => unknown;
}

export interface Row {
  /** Paths from the body's own keys on, `*` for each of a list. */
  readonly keys: readonly string[];
  /** Every kind that has the keys, when there is none here. */
  readonly kinds?: readonly JobKind[];
  /** With the page at a URL, as HTML, or both when there is none here. */
  readonly by?: 'url' | 'html';
  /** See `telling`. */
  readonly page: string;
  /** Of the URL. */
  readonly query?: string;
  /** Texts in it are filled as pages are. */
  readonly body: object;
  /** That the page says it is so, in each form, when there is none here. */
  readonly tells?: Tells;
}
