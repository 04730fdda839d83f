/**
 * Where a client may send its pages: the web, and what a page can make itself. A URL is judged as a parser reads it,
 * never by its text, which can be spelled in many ways. Pure.
 */

const SCHEMES: ReadonlySet<string> = new Set(['http:', 'https:', 'data:', 'blob:']);
/** Other `about:` URLs are pages of Chromium's own, and some of them end the browser. */
const ABOUT: ReadonlySet<string> = new Set(['blank', 'srcdoc']);

/** Hosts that are told of one client. */
const HOSTS_MAX = 10;
/** How much of a URL is read for its host. A `data:` URL may have megabytes, and no host in use is longer. */
const WITH_HOST = /^https?:\/\/(?:[^/?#]*@)?([^/?#@]{1,260})/;

/** The hosts of `urls` with their ports, each once. */
export function hostsOf(urls: Iterable<string>): string[] {
  const hosts = new Set<string>();
  for (const url of urls) {
    const host = WITH_HOST.exec(url)?.[1];
    if (host !== undefined) hosts.add(host);
    if (hosts.size === HOSTS_MAX) break;
  }
  return [...hosts];
}

/** The URL to give to Chromium; undefined when it is not allowed. */
export function allowedUrl(url: string): string | undefined {
  if (!URL.canParse(url)) return undefined;
  const { protocol, pathname, href } = new URL(url);
  // Chromium's parser differs from ours, so it is given what ours has read, not the client's text.
  return SCHEMES.has(protocol) || (protocol === 'about:' && ABOUT.has(pathname)) ? href : undefined;
}
