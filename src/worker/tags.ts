/**
 * Scripts and styles that are added to a page, as Puppeteer adds them. They are added from a world apart, so they come
 * with JavaScript off too. What the page's own policy forbids stays forbidden. Worker thread.
 */

import type { PageBody } from '../protocol/jobs/page-body.js';
import type { Cdp } from './cdp/cdp.js';
import { valueApart } from './evaluate.js';
import { hasGivenUp, runInPage } from './mistakes.js';
import { inTime, type Times } from './wait-limit.js';

type Tag = NonNullable<PageBody['addScriptTag']>[number];

/** @throws {ServiceError} SESSION_FAILED when one cannot be loaded, STEP_TIMEOUT when it does not come. */
export async function addTags(cdp: Cdp, body: PageBody, { clock, waitLimitMs }: Times): Promise<void> {
  const add = async (key: string, sources: readonly string[]): Promise<void> => {
    for (const [i, source] of sources.entries()) {
      const limited = { clock, timeoutMs: waitLimitMs(), missing: `${key}.${i}: not loaded` };
      try {
        await inTime(
          runInPage(key, () => valueApart(cdp, source)),
          limited,
        );
      } catch (error) {
        if (!(body.bestAttempt && hasGivenUp(error))) throw error;
      }
    }
  };
  await add('addStyleTag', (body.addStyleTag ?? []).map(styleOf));
  // With JavaScript off a script does nothing, and no event says that it has loaded.
  const scripts = body.setJavaScriptEnabled === false ? [] : (body.addScriptTag ?? []);
  await add('addScriptTag', scripts.map(scriptOf));
}

function styleOf({ url, content = '' }: Tag): string {
  if (url === undefined) return added('style', { textContent: content }, true);
  return added('link', { rel: 'stylesheet', href: url }, true);
}

function scriptOf({ url, content = '', type = '' }: Tag): string {
  if (url === undefined) return added('script', { type, text: content }, false);
  // The browser does not load data of other types.
  return added('script', { type, src: url }, /^(|module|(text|application)\/(java|ecma)script)$/i.test(type));
}

/** Resolves when the element is in the page and, if `isAwaited`, has loaded. */
function added(name: string, properties: object, isAwaited: boolean): string {
  return `new Promise((resolve, reject) => {
    const element = Object.assign(document.createElement(${JSON.stringify(name)}), ${JSON.stringify(properties)});
    element.addEventListener('load', () => resolve());
    element.addEventListener('error', () => reject('it could not be loaded'));
    (document.head ?? document.documentElement).append(element);
    if (!${isAwaited}) resolve();
  })`;
}
