/**
 * The rows of single kinds in the table of keys: of pictures and of PDFs. Pure.
 */

import { PNG } from 'pngjs';
import * as assert from 'uvu/assert';
import type { Printed, PrintedPage, Row, Tells } from './keys-row.js';
import { telling } from './keys-site.js';

/** Squares of 100 px, red, green, blue in a row, with white around; 800 by 2000 in all. */
const SQUARES = `<style>body { margin: 0; height: 2000px }
  i { position: absolute; width: 100px; height: 100px; top: 0 }</style>
  <i style="background: #f00"></i><i id="green" style="background: #0f0; left: 100px"></i>
  <i style="background: #00f; left: 200px"></i>`;
const CLEAR = '<style>body { margin: 0 }</style>';
/** It loads only what is seen. */
const TALL = telling(
  'false',
  `<div style="height: 3000px"></div><b id="end">end</b><script>
    new IntersectionObserver(([seen]) => { if (seen.isIntersecting) so() }).observe(end)</script>`,
);
const GREEN = [0, 255, 0, 255];

const pixel = ({ data }: PNG): number[] => [...data.subarray(0, 4)];
const size = ({ width, height }: PNG): number[] => [width, height];

const drawn = (keys: readonly string[], page: string, body: object, tells: Tells): Row => {
  return { keys, kinds: ['screenshot'], page, body, tells };
};

const clipped = (options: object): object => ({
  options: { clip: { x: 110, y: 10, width: 20, height: 30, ...options } },
});

export const SCREENSHOT_ROWS: readonly Row[] = [
  drawn(
    ['options.type'],
    SQUARES,
    { options: { type: 'webp' } },
    {
      bytes: (body) => assert.is(body.subarray(8, 12).toString(), 'WEBP'),
    },
  ),
  drawn(
    ['options.quality'],
    SQUARES,
    { options: { type: 'jpeg', quality: 0 } },
    {
      // At the usual quality it has 4 to 7 times as many.
      bytes: (body) => assert.ok(body[0] === 0xff && body.length < 6_000, `${body.length} bytes`),
    },
  ),
  drawn(
    ['options.fullPage'],
    SQUARES,
    { options: { fullPage: true } },
    {
      png: (picture) => assert.equal(size(picture), [800, 2000]),
    },
  ),
  drawn(
    ['x', 'y', 'width', 'height'].map((key) => `options.clip.${key}`),
    SQUARES,
    clipped({}),
    {
      png: (picture) => assert.equal([size(picture), pixel(picture)], [[20, 30], GREEN]),
    },
  ),
  drawn(['options.clip.scale'], SQUARES, clipped({ scale: 2 }), {
    png: (picture) => assert.equal([size(picture), pixel(picture)], [[40, 60], GREEN]),
  }),
  drawn(
    ['options.omitBackground'],
    CLEAR,
    { options: { omitBackground: true } },
    {
      png: (picture) => assert.is(picture.data[3], 0),
    },
  ),
  drawn(
    ['options.encoding'],
    SQUARES,
    { options: { encoding: 'base64' } },
    {
      bytes: (body) => assert.equal(size(PNG.sync.read(Buffer.from(body.toString(), 'base64'))), [800, 600]),
    },
  ),
  drawn(
    ['selector'],
    SQUARES,
    { selector: '#green' },
    {
      png: (picture) => assert.equal([size(picture), pixel(picture)], [[100, 100], GREEN]),
    },
  ),
  drawn(['scrollPage'], TALL, { scrollPage: true }, { png: (picture) => assert.equal(pixel(picture), GREEN) }),
];

/** Two pages, the second one red. */
const PAPER = `<style>@page { size: 300px 400px } body { margin: 0; font: 20px sans-serif }</style><h1>First</h1>
  <p style="break-before: page; background: #f00">Second`;
const LONG = '<style>body { margin: 0 }</style><p>Text';
/** It takes some time to print. */
const MANY = `<script>document.write('<p>Text'.repeat(20000))</script>`;
/** 96 to the inch, 72 points to the inch. */
const points = (px: number): number => (px * 72) / 96;

const printed = (key: string, options: object, pdf: (printed: Printed) => unknown, page = PAPER): Row => {
  return { keys: [`options.${key}`], kinds: ['pdf'], page, body: { options }, tells: { pdf } };
};

const first = ({ pages: [page] }: Printed): PrintedPage => page ?? { width: 0, height: 0, items: [], fills: [] };
const paper = (printed: Printed): number[] => [first(printed).width, first(printed).height].map(Math.round);
const texts = ({ pages }: Printed): string => pages.flatMap(({ items }) => items.map(({ text }) => text)).join(' ');
const at = (printed: Printed, wanted: string): PrintedPage['items'][number] => {
  const found = first(printed).items.find(({ text }) => text.includes(wanted));
  if (!found) throw new Error(`no ${wanted}`);
  return found;
};
const near = (is: number, expected: number): void => assert.ok(Math.abs(is - expected) < 2, `${is}, not ${expected}`);

/** A line at each edge of the page. */
const EDGES = `<style>body { margin: 0; font: 20px/20px sans-serif } p { margin: 0; text-align: right }</style>
  <b>Left</b><p>Right</p>`;
const STACK = `<style>body { margin: 0 } div { height: 500px; break-inside: avoid }</style>
  <div>One</div><div>Two</div>`;
const HEADED = { displayHeaderFooter: true, margin: { top: 100, bottom: 100 } };
const template = (text: string): string => `<span style="font-size: 20px">${text}</span>`;

export const PDF_ROWS: readonly Row[] = [
  printed('format', { format: 'A5' }, (told) => assert.equal(paper(told), [420, 596]), LONG),
  printed('width', { width: '200px' }, (told) => assert.equal(paper(told), [150, 792]), LONG),
  printed('height', { height: '5in' }, (told) => assert.equal(paper(told), [612, 360]), LONG),
  printed('landscape', { landscape: true }, (told) => assert.equal(paper(told), [792, 612]), LONG),
  printed('margin.left', { margin: { left: 96 } }, (told) => near(at(told, 'Left').x, 72), EDGES),
  printed('margin.top', { margin: { top: 96 } }, (told) => near(at(told, 'Left').y, 792 - 72 - points(16)), EDGES),
  printed(
    'margin.right',
    { margin: { right: 96 } },
    (told) => {
      // From the margin to the word's left end, and as far as the word is wide.
      const { x } = at(told, 'Right');
      assert.ok(x > 480 && x < 540, `at ${x}`);
    },
    EDGES,
  ),
  // Without the margin, both fit on the page.
  printed('margin.bottom', { margin: { bottom: 96 } }, ({ pages }) => assert.is(pages.length, 2), STACK),
  printed('scale', { scale: 2 }, (told) => near(at(told, 'Text').size, 2 * points(16)), LONG),
  printed('pageRanges', { pageRanges: '2' }, (told) => assert.equal([told.pages.length, texts(told)], [1, 'Second'])),
  printed('printBackground', { printBackground: true }, ({ pages }) => assert.ok(pages[1]?.fills.includes('#ff0000'))),
  printed('displayHeaderFooter', { ...HEADED, headerTemplate: template('Above') }, (told) => at(told, 'Above')),
  printed('headerTemplate', { ...HEADED, headerTemplate: template('Above') }, (told) => {
    near(at(told, 'Above').y, 792 - points(40));
  }),
  printed('footerTemplate', { ...HEADED, footerTemplate: template('Below') }, (told) => {
    assert.ok(at(told, 'Below').y < 72);
  }),
  printed('preferCSSPageSize', { preferCSSPageSize: true }, (told) => assert.equal(paper(told), [225, 300])),
  printed('omitBackground', { omitBackground: true, printBackground: true }, ({ pages }) => {
    assert.equal([pages[0]?.fills.includes('#ffffff'), pages[1]?.fills.includes('#ff0000')], [false, true]);
  }),
  printed('tagged', { tagged: false }, ({ bytes }) => assert.not(bytes.includes('/StructTreeRoot'))),
  printed('outline', { outline: true }, ({ hasOutline }) => assert.ok(hasOutline)),
  printed(
    'waitForFonts',
    { waitForFonts: false },
    (told) => at(told, 'Text'),
    `<style>@font-face { font-family: late; src: url(SITE/never) }</style><p>Text<script>
      onload = () => { document.body.style.fontFamily = 'late'; document.body.offsetWidth }</script>`,
  ),
  {
    keys: ['options.timeout'],
    kinds: ['pdf'],
    page: MANY,
    body: { options: { timeout: 1, waitForFonts: false } },
    tells: { refusal: [408, /^options.timeout: not printed after 1 ms/] },
  },
];
