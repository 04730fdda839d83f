/**
 * The waits in the table of keys, which every kind with a page has. Pure data.
 */

import type { Row } from './keys-row.js';
import { telling } from './keys-site.js';

/** So long after a page has loaded that a session without a wait has ended. */
const LATE_MS = 500;
/** It is so a moment after it has loaded. */
const LATE = telling('false', `<script>onload = () => setTimeout(so, ${LATE_MS})</script>`);
/** With an element that by then is there, can be seen, or is gone. */
const APPEARS = telling(
  'false',
  `<script>onload = () => setTimeout(() => { so(); document.body.append(Object.assign(
    document.createElement('b'), { id: 'late', textContent: 'late' })) }, ${LATE_MS})</script>`,
);
const SHOWN = telling(
  'false',
  `<b id="late" style="display:none">x</b>
  <script>onload = () => setTimeout(() => { so(); late.style.display = 'block' }, ${LATE_MS})</script>`,
);
const HIDES = telling(
  'false',
  `<b id="late">x</b><script>onload = () => setTimeout(() => { so(); late.remove() }, ${LATE_MS})</script>`,
);
const NEVER = telling('false');
const ALWAYS = telling('true');

/** Looks twice, and it is so when there was time enough between. */
const RARELY = {
  polling: LATE_MS,
  fn: `() => {
    const before = window.lookedAt;
    window.lookedAt = performance.now();
    if (lookedAt - before > ${LATE_MS} * 0.9) so();
    return before;
  }`,
};

const later = (key: string, message: RegExp, body: object): Row => ({
  keys: [key],
  page: NEVER,
  body,
  tells: { refusal: [408, message] },
});

export const WAIT_ROWS: readonly Row[] = [
  { keys: ['waitForTimeout'], page: LATE, body: { waitForTimeout: 3 * LATE_MS } },
  { keys: ['waitForSelector.selector'], page: APPEARS, body: { waitForSelector: { selector: '#late' } } },
  { keys: ['waitForSelector.visible'], page: SHOWN, body: { waitForSelector: { selector: '#late', visible: true } } },
  { keys: ['waitForSelector.hidden'], page: HIDES, body: { waitForSelector: { selector: '#late', hidden: true } } },
  later('waitForSelector.timeout', /^waitForSelector: .* 50 ms/, { waitForSelector: { selector: 'i', timeout: 50 } }),
  {
    keys: ['waitForFunction.fn'],
    page: LATE,
    body: { waitForFunction: { fn: '() => document.documentElement.className' } },
  },
  { keys: ['waitForFunction.polling'], page: NEVER, body: { waitForFunction: RARELY } },
  later('waitForFunction.timeout', /^waitForFunction: .* 50 ms/, { waitForFunction: { fn: 'false', timeout: 50 } }),
  {
    keys: ['waitForEvent.event'],
    page: telling('false', `<script>setTimeout(() => { so(); dispatchEvent(new Event("own")) }, ${LATE_MS})</script>`),
    body: { waitForEvent: { event: 'own' } },
  },
  later('waitForEvent.timeout', /^waitForEvent: .* 50 ms/, { waitForEvent: { event: 'own', timeout: 50 } }),
  { keys: ['waitFor'], page: LATE, body: { waitFor: 3 * LATE_MS } },
  { keys: ['waitFor'], page: APPEARS, body: { waitFor: '#late' } },
  { keys: ['waitFor'], page: NEVER, body: { waitFor: 'async () => so()' } },
  { keys: ['waitFor.selector'], page: APPEARS, body: { waitFor: { selector: '#late' } } },
  { keys: ['waitFor.visible'], page: SHOWN, body: { waitFor: { selector: '#late', visible: true } } },
  { keys: ['waitFor.hidden'], page: HIDES, body: { waitFor: { selector: '#late', hidden: true } } },
  { keys: ['waitFor.fn', 'waitFor.polling'], page: NEVER, body: { waitFor: RARELY } },
  later('waitFor.timeout', /^waitFor: .* 50 ms/, { waitFor: { selector: 'i', timeout: 50 } }),
  { keys: ['bestAttempt'], page: ALWAYS, body: { bestAttempt: true, waitFor: { selector: 'i', timeout: 50 } } },
];
