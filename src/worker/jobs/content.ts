/**
 * `content`: the page's HTML as the browser has it now, after its scripts.
 */
import type { Bytes } from '../../protocol/job.js';
import type { PageBody } from '../../protocol/jobs/page-body.js';
import { valueApart } from '../evaluate.js';
import type { Lease } from '../lease.js';
import { toBytes } from './bytes.js';

const HTML = `(document.doctype ? new XMLSerializer().serializeToString(document.doctype) : '')
  + (document.documentElement ? document.documentElement.outerHTML : '')`;
/** A document that was stopped before its first byte has no element. */
const BLANK = '<html><head></head><body></body></html>';

export async function runContent({ cdp }: Lease, { bestAttempt }: PageBody): Promise<Bytes> {
  // In its own world, the page could give a wrong answer.
  const html = String(await valueApart(cdp, HTML)) || (bestAttempt ? BLANK : '');
  return { body: toBytes(html, 'utf8'), contentType: 'text/html; charset=utf-8' };
}
