/**
 * The rows of the table of keys, and the answers to them. Pure types.
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
  /** Colours of filled areas. */
  readonly fills: readonly string[];
}

/** What a row says of its answer. Each check has a form of its own. */
export interface Tells {
  /** A status that means a refusal, and what its message must contain. */
  readonly refusal?: readonly [status: number, message: RegExp];
  readonly bytes?: (body: Buffer) => unknown;
  readonly png?: (picture: PNG) => unknown;
  readonly pdf?: (printed: Printed) => unknown;
}

export interface Row {
  /** Paths from the top of the body; `*` stands for each entry of a list. */
  readonly keys: readonly string[];
  /** Not given: every kind that has the keys. */
  readonly kinds?: readonly JobKind[];
  /** With the page at a URL or as HTML. Not given: both. */
  readonly by?: 'url' | 'html';
  /** See `telling`. */
  readonly page: string;
  /** Of the URL. */
  readonly query?: string;
  /** Texts in it are filled like pages. */
  readonly body: object;
  /** Not given: the page says that it is so, in each form. */
  readonly tells?: Tells;
}
