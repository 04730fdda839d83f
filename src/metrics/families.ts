/**
 * The one table of Prometheus metrics. The cells of the typed arrays, the exposition, the README's table and the check
 * of the dashboards all derive from it. Pure data; in the order of the exposition.
 */
import { BROWSER_FAMILIES } from './families/browsers.js';
import { CLIENT_FAMILIES } from './families/clients.js';
import { EGRESS_FAMILIES } from './families/egress.js';
import { SERVER_FAMILIES } from './families/server.js';
import { SESSION_FAMILIES } from './families/sessions.js';

export const FAMILIES = [
  ...SESSION_FAMILIES,
  ...CLIENT_FAMILIES,
  ...BROWSER_FAMILIES,
  ...EGRESS_FAMILIES,
  ...SERVER_FAMILIES,
] as const;

export type FamilyName = (typeof FAMILIES)[number]['name'];
