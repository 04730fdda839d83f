/**
 * `content`: the page's HTML as the browser has it now, scripts applied.
 */
import type { Bytes } from '../../protocol/job.js';
import { valueApart } from '../evaluate.js';
import type { Lease } from '../lease.js';
import { toBytes } from './bytes.js';

/** A document that was stopped before anything of it had come has no element; it is shown as this one. */
const BLANK = '<html><head></head><body></body></html>';
const HTML = `(document.doctype ? new XMLSerializer().serializeToString(document.doctype) : '')
  + (document.documentElement ? document.documentElement.outerHTML : '${BLANK}')`;

export async function runContent({ cdp }: Lease): Promise<Bytes> {
  // In the page's own world it could be lied to.
  const html = await valueApart(cdp, HTML);
  return { body: toBytes(String(html), 'utf8'), contentType: 'text/html; charset=utf-8' };
}
