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
  {
    name: 'headcount_cdp_frames_total',
    type: 'counter',
    labels: { direction: 'egressDirection' },
    help: 'Messages of WebSocket clients: sent to them, received from them.',
  },
  {
    name: 'headcount_cdp_refusals_total',
    type: 'counter',
    labels: { method: 'cdpMethod' },
    help: 'Commands of WebSocket clients that were not let through, by method.',
  },
  {
    name: 'headcount_cdp_pages_total',
    type: 'counter',
    help: 'Pages opened by WebSocket clients, pop-ups of their pages too.',
  },
] as const satisfies readonly Family[];
