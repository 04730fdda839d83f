/**
 * `pdf`: the printed page. Lengths are as in Puppeteer; Chromium wants inches.
 */
import { ServiceError } from '../../failures.js';
import type { Bytes } from '../../protocol/job.js';
import type { PdfBody } from '../../protocol/jobs/pdf.js';
import { valueApart } from '../evaluate.js';
import type { Lease } from '../lease.js';
import { inTime, type Times } from '../wait-limit.js';
import { toBytes } from './bytes.js';

type Options = NonNullable<PdfBody['options']>;
type Length = NonNullable<Options['width']>;

/** Width and height in inches, as in Puppeteer. Without a format the paper is Letter. */
const PAPER: Readonly<Record<string, readonly [number, number]>> = {
  letter: [8.5, 11],
  legal: [8.5, 14],
  tabloid: [11, 17],
  ledger: [17, 11],
  a0: [33.1102, 46.811],
  a1: [23.3858, 33.1102],
  a2: [16.5354, 23.3858],
  a3: [11.6929, 16.5354],
  a4: [8.2677, 11.6929],
  a5: [5.8268, 8.2677],
  a6: [4.1339, 5.8268],
};
const PX_PER_INCH = 96;
/** Pixels for each unit, as Puppeteer rounds them. */
const PX_PER: Readonly<Record<string, number>> = { px: 1, in: PX_PER_INCH, cm: 37.8, mm: 3.78 };

export async function runPdf({ cdp }: Lease, { options = {} }: PdfBody, times: Times): Promise<Bytes> {
  const { clock, waitLimitMs } = times;
  if (options.omitBackground) {
    await cdp.send('Emulation.setDefaultBackgroundColorOverride', { color: { r: 0, g: 0, b: 0, a: 0 } });
  }
  // A font that comes late would be missing.
  if (options.waitForFonts ?? true) {
    const timeoutMs = options.timeout ?? waitLimitMs();
    const missing = 'options.waitForFonts: not all there';
    await inTime(valueApart(cdp, 'document.fonts.ready.then(() => true)'), { clock, timeoutMs, missing });
  }
  try {
    // Long pages take long, and only the client can say what is too long.
    const limited = { clock, timeoutMs: options.timeout ?? 0, missing: 'options.timeout: not printed' };
    const { data } = await inTime(cdp.send('Page.printToPDF', printed(options)), limited);
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
    // An outline is made from the tags.
    generateTaggedPDF: options.outline || (options.tagged ?? true),
    generateDocumentOutline: options.outline ?? false,
  };
}

/** `10`, `"10"` and `"10px"` are pixels, 96 to the inch. */
function inches(length: Length | undefined, otherwise: number): number {
  if (length === undefined) return otherwise;
  const [, digits = '', unit = ''] = /^([\d.]+)\s*([a-z]*)$/.exec(String(length).trim().toLowerCase()) ?? [];
  return (Number(digits) * (PX_PER[unit || 'px'] ?? 1)) / PX_PER_INCH;
}
