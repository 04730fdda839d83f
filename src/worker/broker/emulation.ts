/**
 * What a client's options say of all its pages, such as the language. It is set before a page loads anything. Runs in a
 * worker thread.
 */
import type { Emulation } from '../../protocol/cdp.js';
import type { Sender } from '../cdp/calls.js';
import { mayFail } from '../cdp/contexts.js';

/** Whether anything is set. It lasts as long as the session that has set it. */
export function isEmulated({ userAgent, language, timezone, ignoresCertificates }: Emulation): boolean {
  return userAgent !== null || language !== null || timezone !== null || ignoresCertificates;
}

/** `page` is paused. `agent` is the browser's own user agent. */
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

/** Chromium adds the weights itself. */
function languagesOf(language: string): string[] {
  return language.split(',').map((one) => one.split(';')[0]?.trim() ?? '');
}
