/**
 * `content`: the page's HTML as the browser has it now, scripts applied.
 */
import type { Bytes } from '../../protocol/job.js';
import type { Lease } from '../lease.js';
import { toBytes } from './bytes.js';

const HTML = `(document.doctype ? new XMLSerializer().serializeToString(document.doctype) : '')
  + (document.documentElement ? document.documentElement.outerHTML : '')`;

export async function runContent({ cdp }: Lease): Promise<Bytes> {
  const { frameTree } = await cdp.send('Page.getFrameTree');
  // In a world of its own: in the page's, it could be lied to.
  const world = { frameId: frameTree.frame.id, worldName: 'headcount', grantUniveralAccess: true };
  const { executionContextId } = await cdp.send('Page.createIsolatedWorld', world);
  const { result } = await cdp.send('Runtime.evaluate', { expression: HTML, contextId: executionContextId });
  return { body: toBytes(String(result.value), 'utf8'), contentType: 'text/html; charset=utf-8' };
}
