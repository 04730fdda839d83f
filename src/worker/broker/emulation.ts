/**
 * What a client has asked for of all of its pages, set before a page has asked for anything. Runs in a worker thread.
 */
import type { Emulation } from '../../protocol/cdp.js';
import type { Sender } from '../cdp/calls.js';
import { mayFail } from '../cdp/contexts.js';

/** It lasts for as long as the session by which it was set. */
export function isEmulated({ userAgent, language, timezone, ignoresCertificates }: Emulation): boolean {
  return userAgent !== null || language !== null || timezone !== null || ignoresCertificates;
}

/** `page`: one that is paused. `agent`: as the browser names itself. */
export function emulate(page: Sender, emulation: Emulation, agent: string): void {
  const { userAgent, language, timezone, ignoresCertificates } = emulation;
  if (userAgent !== null || language !== null) {
    const acceptLanguage = language === null ? {} : { acceptLanguage: languagesOf(language).join() };
    mayFail(page.send('Emulation.setUserAgentOverride', { userAgent: userAgent ?? agent, ...acceptLanguage }));
  }
  if (language !== null) mayFail(page.send('Emulation.setLocaleOverride', { locale: languagesOf(language)[0] ?? '' }));
  if (timezone !== null) mayFail(page.send('Emulation.setTimezoneOverride', { timezoneId: timezone }));
  if (ignoresCertificates) mayFail(page.send('Security.setIgnoreCertificateErrors', { ignore: true }));
}

/** Without their weights, which Chromium adds itself. */
function languagesOf(language: string): string[] {
  return language.split(',').map((one) => one.split(';')[0]?.trim() ?? '');
}
