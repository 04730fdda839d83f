/**
 * Where a client may send its pages: the web, and what a page can make itself. By what a URL parser makes of it, never
 * by its text, which can be spelled in many ways. Pure.
 */

const SCHEMES: ReadonlySet<string> = new Set(['http:', 'https:', 'data:', 'blob:']);
/** Any other `about:` is one of Chromium's own pages, of which some end the browser. */
const ABOUT: ReadonlySet<string> = new Set(['blank', 'srcdoc']);

/** Of one client. */
const HOSTS_MAX = 10;
/** Of a URL as Chromium tells it. Not parsed: one of data may have megabytes. No name in use is longer. */
const WITH_HOST = /^https?:\/\/(?:[^/?#]*@)?([^/?#@]{1,260})/;

/** Hosts with their ports, each once. */
export function hostsOf(urls: Iterable<string>): string[] {
  const hosts = new Set<string>();
  for (const url of urls) {
    const host = WITH_HOST.exec(url)?.[1];
    if (host !== undefined) hosts.add(host);
    if (hosts.size === HOSTS_MAX) break;
  }
  return [...hosts];
}

/** As Chromium is to be given it; undefined when it may not be had. */
export function allowedUrl(url: string): string | undefined {
  if (!URL.canParse(url)) return undefined;
  const { protocol, pathname, href } = new URL(url);
  // Chromium's parser is another one: it is given what ours has made of it.
  return SCHEMES.has(protocol) || (protocol === 'about:' && ABOUT.has(pathname)) ? href : undefined;
}
