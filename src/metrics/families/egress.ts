/**
 * The metrics of what pages load and send. The egress thread counts all of it. Part of the one table of
 * `../families.ts`; pure data.
 */
import type { Family } from '../family.js';

export const EGRESS_FAMILIES = [
  {
    name: 'headcount_egress_bytes_total',
    type: 'counter',
    labels: { direction: 'egressDirection' },
    help: 'Bytes of pages: sent by them, received by them.',
  },
  {
    name: 'headcount_egress_connections_total',
    type: 'counter',
    help: 'Connections of pages that were made.',
  },
  {
    name: 'headcount_egress_refusals_total',
    type: 'counter',
    labels: { reason: 'egressRefusal' },
    help: 'Connections of pages that were not made, or were cut off, by reason.',
  },
  {
    name: 'headcount_egress_connections_open',
    type: 'gauge',
    help: 'Connections of pages that are open.',
  },
] as const satisfies readonly Family[];
