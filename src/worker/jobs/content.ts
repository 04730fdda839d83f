/**
 * `content`: the page's HTML as the browser has it now, scripts applied.
 */
import type { Lease } from '../shard.js';
import { toBytes } from './bytes.js';
import type { Product } from './product.js';

export async function runContent({ page }: Lease): Promise<Product> {
  return { body: toBytes(await page.content(), 'utf8'), contentType: 'text/html; charset=utf-8' };
}
