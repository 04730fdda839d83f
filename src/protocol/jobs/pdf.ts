/**
 * `pdf`, as main knows it: the printed page, with Puppeteer's options. Pure.
 */
import { Type } from 'typebox';
import { FOREIGN_FILE, FOREIGN_TO_PAGES, type ForeignKey } from './foreign-names.js';
import { PAGE_KEYS, RAW_PAGE } from './page-body.js';
import { checkPage } from './page-checks.js';
import { complaint, type JobRow } from './row.js';
import { closed, ms, oneOf } from './schema-parts.js';

/** A paper length: `10`, `"10"` (px), `"10px"`, `".5in"`, `"2.5 cm"`, `"20MM"`. */
const Length = Type.Union([
  Type.Number({ minimum: 0, maximum: 100_000 }),
  Type.String({ pattern: '^\\s*(\\d+\\.?\\d*|\\.\\d+)\\s*([pP][xX]|[iI][nN]|[cC][mM]|[mM][mM])?\\s*$', maxLength: 20 }),
]);

const PAPER = ['Letter', 'Legal', 'Tabloid', 'Ledger', 'A0', 'A1', 'A2', 'A3', 'A4', 'A5', 'A6'] as const;

const PdfOptions = Type.Object(
  {
    // Puppeteer's clients write the names in either case.
    format: Type.Optional(oneOf(PAPER.flatMap((name) => [name, name.toLowerCase()]))),
    width: Type.Optional(Length),
    height: Type.Optional(Length),
    landscape: Type.Optional(Type.Boolean()),
    margin: Type.Optional(
      Type.Object(
        {
          top: Type.Optional(Length),
          right: Type.Optional(Length),
          bottom: Type.Optional(Length),
          left: Type.Optional(Length),
        },
        closed,
      ),
    ),
    scale: Type.Optional(Type.Number({ minimum: 0.1, maximum: 2 })),
    pageRanges: Type.Optional(
      Type.String({ pattern: '^\\s*(\\d+\\s*(-\\s*\\d*)?(\\s*,\\s*|\\s*$))*$', maxLength: 1024 }),
    ),
    printBackground: Type.Optional(Type.Boolean()),
    displayHeaderFooter: Type.Optional(Type.Boolean()),
    headerTemplate: Type.Optional(Type.String({ maxLength: 1_000_000 })),
    footerTemplate: Type.Optional(Type.String({ maxLength: 1_000_000 })),
    preferCSSPageSize: Type.Optional(Type.Boolean()),
    omitBackground: Type.Optional(Type.Boolean()),
    tagged: Type.Optional(Type.Boolean()),
    outline: Type.Optional(Type.Boolean()),
    waitForFonts: Type.Optional(Type.Boolean()),
    timeout: Type.Optional(ms()),
  },
  closed,
);

const Body = Type.Object({ ...PAGE_KEYS, options: Type.Optional(PdfOptions) }, closed);

const FOREIGN: readonly ForeignKey[] = [
  ...FOREIGN_TO_PAGES,
  FOREIGN_FILE,
  { path: 'safeMode', fate: 'ignored', why: 'every page is printed in a context of its own' },
  { path: 'rotate', fate: 'refused', harmless: [0, '0'], why: 'PDFs are not turned: use options.landscape' },
  {
    path: 'options.fullPage',
    fate: 'refused',
    harmless: [false, 'false'],
    why: 'give options.height, or a page size in CSS with options.preferCSSPageSize',
  },
];

export type PdfBody = Type.Static<typeof Body>;

export const pdf: JobRow<typeof Body> = {
  about: 'the page as PDF',
  produces: ['application/pdf'],
  body: Body,
  raw: RAW_PAGE,
  foreign: FOREIGN,
  isRetryable: true,
  check(body) {
    checkPage(body);
    checkRanges(body.options);
  },
};

function checkRanges(options: PdfBody['options']): void {
  for (const range of (options?.pageRanges ?? '').split(',')) {
    const [from = '', to = ''] = range.split('-').map((part) => part.trim());
    if (from === '0' || to === '0' || (to !== '' && Number(to) < Number(from))) {
      throw complaint('options.pageRanges', 'must be ranges such as 1-3, 5, from low to high');
    }
  }
}
