/**
 * Every key of every kind does what it says. Each has a row, which is sent with the page at a URL and as HTML, in a
 * plain context and in Playwright's. In: the tables of rows and the schemas. A key without a row fails, and so does a
 * row without a key.
 */

import { getDocument, OPS } from 'pdfjs-dist/legacy/build/pdf.mjs';
import { PNG } from 'pngjs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { JOB_KINDS, JOBS, type JobKind } from '../../src/protocol/jobs/jobs.js';
import { RUNNERS } from '../../src/worker/jobs/jobs.js';
import { needOf } from '../../src/worker/page.js';
import { atRest, ready, type Server, start } from '../end-to-end/server.js';
import { PDF_ROWS, SCREENSHOT_ROWS } from './keys-of-kinds.js';
import { PAGE_ROWS } from './keys-of-pages.js';
import type { Printed, PrintedPage, Row } from './keys-row.js';
import { type KeysSite, SO, SO_PIXEL, startKeysSite } from './keys-site.js';

const test = suite('faults/keys');
const ROWS: readonly Row[] = [...PAGE_ROWS, ...SCREENSHOT_ROWS, ...PDF_ROWS];
/** As many as may run at once. */
const AT_ONCE = 10;
/** Needs a Playwright context, and changes nothing else. */
const PLAYWRIGHT = { waitForTimeout: 0 };

let server: Server;
let site: KeysSite;
let reading: Promise<unknown> = Promise.resolve();

test.before(async () => {
  site = await startKeysSite();
  server = await start();
  await ready(server);
});

test.after(async () => {
  await atRest(server);
  await server.stop();
  site.close();
});

/** The parts of a schema that have keys. */
interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
}

/** Paths of all keys that have none below them, or may have a value without any. */
function keysOf(schema: unknown, at: string): string[] {
  const { properties, items, anyOf } = Object(schema) as Schema;
  const below = (name: string): string => (at === '' ? name : `${at}.${name}`);
  if (anyOf) return [...new Set(anyOf.flatMap((one) => keysOf(one, at)))];
  if (items?.properties) return keysOf(items, below('*'));
  if (properties) return Object.entries(properties).flatMap(([name, one]) => keysOf(one, below(name)));
  return [at];
}

const kindsOf = ({ kinds = JOB_KINDS }: Row): readonly JobKind[] => kinds;

for (const kind of JOB_KINDS) {
  test(`each key of ${kind} has a row, and each row a key`, () => {
    const keys = new Set(keysOf(JOBS[kind].body, ''));
    const told = new Set(ROWS.filter((row) => kindsOf(row).includes(kind)).flatMap((row) => row.keys));
    assert.equal(
      [...keys].filter((key) => !told.has(key)),
      [],
      'keys without a row',
    );
    assert.equal(
      [...told].filter((key) => !keys.has(key)),
      [],
      'rows without a key',
    );
  });
}

interface Case {
  readonly row: Row;
  readonly kind: JobKind;
  readonly body: object;
}

/** The cases of a row: each kind, each form of the page, and each make of context that its keys leave open. */
function casesOf(row: Row, kind: JobKind): Case[] {
  const given: object = JSON.parse(site.filled(JSON.stringify(row.body)));
  const forms = [{ url: site.urlOf(row.page) + (row.query ?? '') }, { html: site.filled(row.page) }];
  return forms
    .filter((form) => row.by === undefined || row.by in form)
    .flatMap((form) => {
      const body = { ...form, ...given };
      const runner = RUNNERS[kind];
      const isPlain = runner.hasPage && needOf(body, runner.plainKeys).kind === 'plain';
      return isPlain ? [body, { ...body, ...PLAYWRIGHT }] : [body];
    })
    .map((body) => ({ row, kind, body }));
}

async function check({ row: { tells }, kind, body }: Case): Promise<void> {
  const response = await server.post(`/${kind}?timeout=25000`, body);
  const bytes = Buffer.from(await response.arrayBuffer());
  if (tells?.refusal) {
    const [status, message] = tells.refusal;
    assert.is(response.status, status, bytes.toString('latin1').slice(0, 300));
    return assert.match(JSON.parse(bytes.toString()).error.message, message);
  }
  assert.is(response.status, 200, bytes.toString('latin1').slice(0, 300));
  if (!tells) return await checkSo(kind, bytes);
  tells.bytes?.(bytes);
  tells.png?.(PNG.sync.read(bytes));
  if (tells.pdf) tells.pdf(await read(bytes));
}

async function checkSo(kind: JobKind, bytes: Buffer): Promise<void> {
  if (kind === 'content') return assert.match(bytes.toString(), SO);
  if (kind === 'screenshot') return assert.equal([...PNG.sync.read(bytes).data.subarray(0, 4)], SO_PIXEL);
  const { pages } = await read(bytes);
  const text = pages.flatMap(({ items }) => items.map((item) => item.text)).join(' ');
  assert.match(text.replaceAll(/\s+/g, ' '), SO);
}

/** One after the other: pdf.js has one worker for all of them, and each that ends takes it away. */
function read(bytes: Buffer): Promise<Printed> {
  const next = reading.then(() => readAlone(bytes));
  reading = next.catch(() => {});
  return next;
}

async function readAlone(bytes: Buffer): Promise<Printed> {
  const parsed = await getDocument({ data: new Uint8Array(bytes), verbosity: 0 }).promise;
  const pages: PrintedPage[] = [];
  for (let number = 1; number <= parsed.numPages; number++) {
    const page = await parsed.getPage(number);
    const [left = 0, top = 0, right = 0, bottom = 0] = page.view;
    const { items } = await page.getTextContent();
    const texts = items.flatMap((item) => {
      if (!('str' in item)) return [];
      const [, , , size, x, y] = item.transform.map(Number);
      return [{ text: item.str, size: size ?? 0, x: x ?? 0, y: y ?? 0 }];
    });
    const { fnArray, argsArray } = await page.getOperatorList();
    const fills = argsArray.filter((_, i) => fnArray[i] === OPS.setFillRGBColor).map(String);
    pages.push({ width: right - left, height: bottom - top, items: texts.filter(({ text }) => text.trim()), fills });
  }
  const hasOutline = (await parsed.getOutline()) !== null;
  await parsed.destroy();
  return { pages, hasOutline, bytes };
}

for (const kind of JOB_KINDS) {
  test(`each key of ${kind} does what it says`, async () => {
    const cases = ROWS.filter((row) => kindsOf(row).includes(kind)).flatMap((row) => casesOf(row, kind));
    const wrong: string[] = [];
    const work = async (): Promise<void> => {
      for (let next = cases.shift(); next; next = cases.shift()) {
        const body = JSON.stringify(next.body);
        await check(next).catch((error: Error) => wrong.push(`${next?.row.keys}: ${error.message} ${body}`));
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    assert.is(wrong.length, 0, wrong.join('\n'));
  });
}

test.run();
