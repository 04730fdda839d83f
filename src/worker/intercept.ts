/**
 * Requests of the page that are refused or answered by the client's own rules. Costs a round trip a request, so it is
 * switched on only for jobs that have such rules. Worker thread.
 */
import type { Page } from 'playwright-core';
import type { PageBody } from '../protocol/jobs/page-body.js';

export async function interceptRequests(page: Page, body: PageBody): Promise<void> {
  const { rejectRequestPattern = [], rejectResourceTypes = [], requestInterceptors = [] } = body;
  if (rejectRequestPattern.length + rejectResourceTypes.length + requestInterceptors.length === 0) return;
  const rejected = rejectRequestPattern.map((pattern) => new RegExp(pattern));
  const types = new Set(rejectResourceTypes.map((type) => type.toLowerCase()));
  const answers = requestInterceptors.map(({ pattern, response }) => ({ pattern: new RegExp(pattern), response }));
  await page.route('**/*', async (route) => {
    const request = route.request();
    const url = request.url();
    if (types.has(request.resourceType()) || rejected.some((pattern) => pattern.test(url))) {
      return await route.abort('blockedbyclient');
    }
    const answer = answers.find(({ pattern }) => pattern.test(url));
    return await (answer ? route.fulfill(answer.response) : route.continue());
  });
}
