/**
 * The metrics of clients over WebSocket. Part of the one table of `../families.ts`; pure data.
 */
import type { Family } from '../family.js';

export const CLIENT_FAMILIES = [
  {
    name: 'headcount_cdp_bytes_total',
    type: 'counter',
    labels: { direction: 'egressDirection' },
    help: 'Bytes of WebSocket clients: sent to them, received from them.',
  },
] as const satisfies readonly Family[];
