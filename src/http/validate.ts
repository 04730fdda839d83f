/**
 * From a body to a checked job spec: first by schema, then what a schema cannot say. Every complaint names the key and
 * what was expected. Pure.
 */
import { Compile, type Validator } from 'typebox/compile';
import { ServiceError } from '../failures.js';
import type { JobSpec } from '../protocol/job.js';
import type { JobKind } from '../protocol/names.js';
import { BODIES, type PageBody, type PdfBody } from '../protocol/request.js';

type SpecOf<K extends JobKind> = Extract<JobSpec, { kind: K }>;

/** They throw a ServiceError, BAD_REQUEST. */
export function createValidators(): { readonly [K in JobKind]: (body: unknown) => SpecOf<K> } {
  const screenshot = Compile(BODIES.screenshot);
  const pdf = Compile(BODIES.pdf);
  const content = Compile(BODIES.content);
  return {
    screenshot(body) {
      if (!screenshot.Check(body)) throw explain(screenshot, body);
      checkPage(body);
      const { options = {} } = body;
      if (options.fullPage && (options.clip || body.selector !== undefined)) {
        throw bad('options.fullPage', 'not with a clip or a selector, which name a part');
      }
      if (options.clip && body.selector !== undefined) throw bad('options.clip', 'not with a selector');
      return { kind: 'screenshot', body };
    },
    pdf(body) {
      if (!pdf.Check(body)) throw explain(pdf, body);
      checkPage(body);
      checkRanges(body.options);
      return { kind: 'pdf', body };
    },
    content(body) {
      if (!content.Check(body)) throw explain(content, body);
      checkPage(body);
      return { kind: 'content', body };
    },
  };
}

function bad(key: string, expected: string): ServiceError {
  return new ServiceError('BAD_REQUEST', `${key}: ${expected}`);
}

/** The first complaint, in words. */
function explain(validator: Validator, body: unknown): ServiceError {
  const errors = validator.Errors(body);
  const unknown = errors.find((error) => error.keyword === 'additionalProperties');
  // A union complains once for each of its members; the shallowest place is the key that is wrong.
  const first = errors.find((error) => error.keyword !== 'anyOf') ?? errors[0];
  if (!first) return bad('body', 'not valid');
  const key = pathOf(first.instancePath);
  if (unknown && first.keyword === 'boolean') return bad(key, 'unknown key');
  const options = errors.filter((error) => error.keyword === 'const' && error.instancePath === first.instancePath);
  if (first.keyword === 'const') {
    return bad(
      key,
      `must be one of ${options.map((error) => (error.params as { allowedValue: string }).allowedValue)}`,
    );
  }
  const alternatives = errors.filter((error) => error.keyword !== 'anyOf' && error.instancePath === first.instancePath);
  return bad(key, [...new Set(alternatives.map((error) => error.message))].slice(0, 4).join(', or '));
}

function pathOf(pointer: string): string {
  const parts = pointer.split('/').slice(1);
  return parts.length === 0 ? 'body' : parts.join('.');
}

function checkPage(body: PageBody): void {
  if ((body.url === undefined) === (body.html === undefined)) throw bad('url', 'exactly one of url and html is needed');
  if (body.url !== undefined) checkUrl(body.url);
  for (const [i, tag] of [...(body.addScriptTag ?? []), ...(body.addStyleTag ?? [])].entries()) {
    if ((tag.url === undefined) === (tag.content === undefined)) {
      throw bad(`tag ${i}`, 'exactly one of url and content is needed');
    }
  }
  for (const { pattern, key } of patterns(body)) {
    try {
      new RegExp(pattern);
    } catch (error) {
      throw bad(key, error instanceof Error ? error.message : 'not a regular expression');
    }
  }
  for (const [name, value] of Object.entries(body.setExtraHTTPHeaders ?? {})) {
    if (!/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(name)) throw bad(`setExtraHTTPHeaders.${name}`, 'not a header name');
    if (/[\r\n\0]/.test(value)) throw bad(`setExtraHTTPHeaders.${name}`, 'must be on one line');
  }
  if (/[\r\n\0]/.test(body.userAgent ?? '')) throw bad('userAgent', 'must be on one line');
  for (const [i, cookie] of (body.cookies ?? []).entries()) {
    if (cookie.url === undefined && cookie.domain === undefined && body.url === undefined) {
      throw bad(`cookies.${i}`, 'needs a url or a domain when the page has no url');
    }
    if (cookie.url !== undefined && !/^https?:/.test(URL.canParse(cookie.url) ? new URL(cookie.url).protocol : '')) {
      throw bad(`cookies.${i}.url`, 'must be an http or https URL');
    }
  }
  const { width = 1, height = 1, deviceScaleFactor = 1 } = body.viewport ?? {};
  if (width * height * deviceScaleFactor ** 2 > 100e6) throw bad('viewport', 'must be at most 100 million pixels');
}

function patterns(body: PageBody): { pattern: string; key: string }[] {
  return [
    ...(body.rejectRequestPattern ?? []).map((pattern, i) => ({ pattern, key: `rejectRequestPattern.${i}` })),
    ...(body.requestInterceptors ?? []).map(({ pattern }, i) => ({ pattern, key: `requestInterceptors.${i}.pattern` })),
  ];
}

/** Read as the browser reads it, never by prefix: a tab within a scheme, or capitals, change nothing for a browser. */
function checkUrl(value: string): void {
  if (!URL.canParse(value)) throw bad('url', 'must be an absolute URL');
  const { protocol, username, password, href } = new URL(value);
  const isAllowed = ['http:', 'https:', 'data:'].includes(protocol) || href === 'about:blank';
  if (!isAllowed) throw bad('url', `must be http, https, data or about:blank, not ${protocol}`);
  if (username !== '' || password !== '') throw bad('url', 'must not have credentials in it: use authenticate');
}

function checkRanges(options: PdfBody['options']): void {
  for (const range of (options?.pageRanges ?? '').split(',')) {
    const [from = '', to = ''] = range.split('-').map((part) => part.trim());
    if (from === '0' || to === '0' || (to !== '' && Number(to) < Number(from))) {
      throw bad('options.pageRanges', 'must be ranges such as 1-3, 5, from low to high');
    }
  }
}
