/**
 * Every way in which a page can ask somebody for something: a page that tries all of them, and a server that notes
 * which came. Each way asks for a path of its own name.
 */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

/** By name, what the page does with `to`, the address of its way. In the page; the document is there. */
// biome-ignore-start lint/suspicious/noTemplateCurlyInString: they are templates in the page.
const WAYS: Readonly<Record<string, string>> = {
  fetch: 'fetch(to, { mode: "no-cors" })',
  keepalive: 'fetch(to, { mode: "no-cors", keepalive: true })',
  xhr: 'const x = new XMLHttpRequest(); x.open("GET", to); x.send()',
  beacon: 'navigator.sendBeacon(to, "x")',
  image: 'new Image().src = to',
  script: 'add("script", { src: to })',
  module: 'import(to)',
  stylesheet: 'add("link", { rel: "stylesheet", href: to })',
  imported: 'add("style", { textContent: `@import url(${to})` })',
  background: 'document.body.style.backgroundImage = `url(${to})`',
  font: 'new FontFace("f", `url(${to})`).load()',
  frame: 'add("iframe", { src: to })',
  object: 'add("object", { data: to })',
  embed: 'add("embed", { src: to })',
  video: 'add("video", { src: to, preload: "auto" })',
  poster: 'add("video", { poster: to })',
  track: 'const t = add("track", { src: to }, add("video", { crossOrigin: "anonymous" })); t.track.mode = "showing"',
  svg: 'add("div", { innerHTML: `<svg><image href="${to}"/></svg>` })',
  prefetch: 'add("link", { rel: "prefetch", href: to })',
  preload: 'add("link", { rel: "preload", as: "image", href: to })',
  eventsource: 'new EventSource(to)',
  websocket: 'new WebSocket(to.replace("http", "ws"))',
  worker: 'new Worker(URL.createObjectURL(new Blob([`fetch("${to}", { mode: "no-cors" })`])))',
  imports: 'new Worker(URL.createObjectURL(new Blob([`importScripts("${to}")`])))',
  shared: 'new SharedWorker(URL.createObjectURL(new Blob([`fetch("${to}", { mode: "no-cors" })`])))',
  popup: 'open(to)',
  ping: 'const a = add("a", { href: "#", ping: to }); a.click()',
  form: 'add("iframe", { name: to }); add("form", { action: to, target: to, method: "post" }).submit()',
  csp: 'add("iframe", { src: "/reports?to=" + encodeURIComponent(to) })',
  redirected: 'new Image().src = "/redirect?to=" + encodeURIComponent(to)',
  redirectedFrame: 'add("iframe", { src: "/redirect?to=" + encodeURIComponent(to) })',
  refreshedFrame: 'add("iframe", { srcdoc: `<meta http-equiv=refresh content="0;url=${to}">` })',
  // In a frame, because in the page it would end what the page loads.
  download: 'const { body } = add("iframe", {}).contentDocument; add("a", { href: to, download: "x" }, body).click()',
  service: `navigator.serviceWorker.register("/service.js").then(() =>
    navigator.serviceWorker.ready).then(({ active }) => active.postMessage(to))`,
};
// biome-ignore-end lint/suspicious/noTemplateCurlyInString: they are templates in the page.

export const WAY_NAMES: readonly string[] = Object.keys(WAYS);

/**
 * Never finishes loading, so its session does not end. Tries each way to one origin after the other. One way that
 * throws does not keep the others from trying.
 */
function pageOf(origins: readonly string[]): string {
  const tries = Object.entries(WAYS).flatMap(([name, way]) =>
    origins.map((to) => `try { ((to) => { ${way} })("${to}/${name}") } catch (error) {}`),
  );
  return `<!doctype html><title>ways</title><body><img src="/never"><script>
    const add = (tag, properties, parent = document.body) =>
      parent.appendChild(Object.assign(document.createElement(tag), properties));
    addEventListener("unhandledrejection", (event) => event.preventDefault());
    addEventListener("DOMContentLoaded", () => { ${tries.join('\n')} });
  </script>`;
}

const SERVICE = `addEventListener("message", ({ data }) => fetch(data, { mode: "no-cors" }));
  addEventListener("install", () => skipWaiting());`;

export interface Listening {
  readonly port: number;
  /** `http://127.0.0.1:<port>` */
  readonly origin: string;
  close(): Promise<void>;
}

/** The page of all ways, at `/?to=<origin>&to=<origin>`. */
export async function startWays(): Promise<Listening> {
  return await listening(
    createServer((request, response) => {
      const { pathname, searchParams } = new URL(request.url ?? '', 'http://here');
      const all = searchParams.getAll('to');
      const to = all[0] ?? '';
      if (pathname === '/never') return;
      if (pathname === '/redirect') return response.writeHead(302, { location: to }).end();
      if (pathname === '/service.js') return typed(response, 'text/javascript', SERVICE);
      if (pathname === '/reports') {
        response.setHeader('content-security-policy', `img-src 'none'; report-uri ${to}`);
        return typed(response, 'text/html', '<img src="/any">');
      }
      return typed(response, 'text/html', pageOf(all));
    }),
  );
}

export interface Noted extends Listening {
  /** Names of the ways that arrived. */
  readonly ways: ReadonlySet<string>;
  /** Connections, whatever came on them. */
  connections(): number;
}

export async function startNoting(): Promise<Noted> {
  const ways = new Set<string>();
  let connections = 0;
  const note = ({ url }: IncomingMessage): void => void ways.add((url ?? '').replace(/^\/([^/?]*).*/, '$1'));
  const server = createServer((request, response) => {
    note(request);
    typed(response, 'text/plain', 'secret');
  });
  server.on('connection', () => connections++);
  server.on('upgrade', (request, socket) => {
    note(request);
    socket.destroy();
  });
  return { ...(await listening(server)), ways, connections: () => connections };
}

function typed(response: ServerResponse, type: string, body: string): void {
  response.writeHead(200, { 'content-type': type, 'access-control-allow-origin': '*' }).end(body);
}

async function listening(server: Server): Promise<Listening> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
  return {
    port,
    origin: `http://127.0.0.1:${port}`,
    close() {
      server.closeAllConnections();
      return new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
