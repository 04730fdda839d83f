/**
 * Requests of the page that the client's own rules refuse or answer. Each request costs a round trip, so this is
 * switched on only for jobs with such rules. Worker thread.
 */
import type { Page } from 'playwright-core';
import { ServiceError } from '../failures.js';
import { compilePatterns } from '../patterns.js';
import type { PageBody } from '../protocol/jobs/page-body.js';
import { apply } from './mistakes.js';

type Answer = NonNullable<PageBody['requestInterceptors']>[number]['response'];

/** `fail` ends the session, because nobody waits for the result of a request. */
export async function interceptRequests(page: Page, body: PageBody, fail: (error: unknown) => void): Promise<void> {
  const { rejectRequestPattern = [], rejectResourceTypes = [], requestInterceptors = [] } = body;
  if (rejectRequestPattern.length + rejectResourceTypes.length + requestInterceptors.length === 0) return;
  const types = new Set(rejectResourceTypes.map((type) => type.toLowerCase()));
  const firstMatch = await compilePatterns(body);
  /** Null when the request is refused, undefined when it goes on. */
  const answerTo = (url: string, type: string): Answer | null | undefined => {
    if (types.has(type)) return null;
    const at = firstMatch(url);
    const isRejected = at >= 0 && at < rejectRequestPattern.length;
    return isRejected ? null : requestInterceptors[at - rejectRequestPattern.length]?.response;
  };
  let hasFailed = false;
  await page.route('**/*', async (route) => {
    const request = route.request();
    let answer: Answer | null | undefined = null;
    try {
      // Of a session that has failed a thousand more requests may come, and each would take as long.
      if (!hasFailed) answer = answerTo(request.url(), request.resourceType());
    } catch (error) {
      hasFailed = true;
      fail(error);
    }
    if (answer === null) return await route.abort('blockedbyclient');
    if (!answer) return await route.continue();
    const given = answer;
    await apply('requestInterceptors', () => route.fulfill(given)).catch((error: unknown) => {
      // For other errors the page that asked has gone, or went on to another.
      if (error instanceof ServiceError) fail(error);
    });
  });
}
