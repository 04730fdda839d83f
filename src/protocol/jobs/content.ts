/**
 * `content`, as main knows it: the page's HTML. It has no options besides those of the page. Pure.
 */
import { Type } from 'typebox';
import { FOREIGN_TO_PAGES } from './foreign-names.js';
import { PAGE_KEYS, RAW_PAGE } from './page-body.js';
import { checkPage } from './page-checks.js';
import type { JobRow } from './row.js';
import { closed } from './schema-parts.js';

const Body = Type.Object(PAGE_KEYS, closed);

export const content: JobRow<typeof Body> = {
  about: 'the HTML of the page, as the browser has it',
  produces: ['text/html'],
  body: Body,
  raw: RAW_PAGE,
  foreign: FOREIGN_TO_PAGES,
  isRetryable: true,
  check: checkPage,
};
