/**
 * `pdf`: the page printed.
 */
import { ServiceError } from '../../failures.js';
import type { PdfBody } from '../../protocol/request.js';
import type { Lease } from '../shard.js';
import type { Product } from './product.js';

export async function runPdf({ page, cdp }: Lease, { options = {} }: PdfBody): Promise<Product> {
  const { omitBackground, ...printed } = options;
  if (omitBackground) {
    await cdp.send('Emulation.setDefaultBackgroundColorOverride', { color: { r: 0, g: 0, b: 0, a: 0 } });
  }
  try {
    // Playwright returns a Buffer of its own, never one of the pool; copied once so that it can be moved.
    const pdf = await page.pdf(printed);
    return { body: new Uint8Array(pdf), contentType: 'application/pdf' };
  } catch (error) {
    if (error instanceof Error && /page range|printing failed|invalid.*parameters/i.test(error.message)) {
      throw new ServiceError('BAD_REQUEST', `options: ${error.message.split('\n')[0]}`, { cause: error });
    }
    throw error;
  }
}
