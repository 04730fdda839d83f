/**
 * `pdf`: the page printed. Lengths are what Puppeteer takes, Chromium wants inches.
 */
import { ServiceError } from '../../failures.js';
import type { Bytes } from '../../protocol/job.js';
import type { PdfBody } from '../../protocol/jobs/pdf.js';
import type { Lease } from '../lease.js';
import { toBytes } from './bytes.js';

type Options = NonNullable<PdfBody['options']>;
type Length = NonNullable<Options['width']>;

/** Width and height in inches; paper whose format nobody names is Letter. */
const PAPER: Readonly<Record<string, readonly [number, number]>> = {
  letter: [8.5, 11],
  legal: [8.5, 14],
  tabloid: [11, 17],
  ledger: [17, 11],
  a0: [33.1, 46.8],
  a1: [23.4, 33.1],
  a2: [16.54, 23.4],
  a3: [11.7, 16.54],
  a4: [8.27, 11.7],
  a5: [5.83, 8.27],
  a6: [4.13, 5.83],
};
const PER_INCH: Readonly<Record<string, number>> = { px: 96, in: 1, cm: 2.54, mm: 25.4 };

export async function runPdf({ cdp }: Lease, { options = {} }: PdfBody): Promise<Bytes> {
  if (options.omitBackground) {
    await cdp.send('Emulation.setDefaultBackgroundColorOverride', { color: { r: 0, g: 0, b: 0, a: 0 } });
  }
  try {
    const { data } = await cdp.send('Page.printToPDF', printed(options));
    return { body: toBytes(data, 'base64'), contentType: 'application/pdf' };
  } catch (error) {
    if (error instanceof Error && /page range|printing failed|invalid|zero or negative/i.test(error.message)) {
      throw new ServiceError('BAD_REQUEST', `options: ${error.message.split('\n')[0]}`, { cause: error });
    }
    throw error;
  }
}

function printed(options: Options) {
  const [width, height] = PAPER[String(options.format ?? 'letter').toLowerCase()] ?? [8.5, 11];
  const { margin = {}, landscape = false, displayHeaderFooter = false, printBackground = false, scale = 1 } = options;
  return {
    landscape,
    displayHeaderFooter,
    printBackground,
    scale,
    headerTemplate: options.headerTemplate ?? '',
    footerTemplate: options.footerTemplate ?? '',
    // A format wins over lengths, as in Puppeteer.
    paperWidth: options.format === undefined ? inches(options.width, width) : width,
    paperHeight: options.format === undefined ? inches(options.height, height) : height,
    marginTop: inches(margin.top, 0),
    marginRight: inches(margin.right, 0),
    marginBottom: inches(margin.bottom, 0),
    marginLeft: inches(margin.left, 0),
    pageRanges: options.pageRanges ?? '',
    preferCSSPageSize: options.preferCSSPageSize ?? false,
    generateTaggedPDF: options.tagged ?? false,
    generateDocumentOutline: options.outline ?? false,
  };
}

/** `10`, `"10"` and `"10px"` are pixels, 96 to the inch. */
function inches(length: Length | undefined, otherwise: number): number {
  if (length === undefined) return otherwise;
  const [, digits = '', unit = 'px'] = /^([\d.]+)(\w*)$/.exec(String(length)) ?? [];
  return Number(digits) / (PER_INCH[unit || 'px'] ?? 96);
}
