/**
 * The rows of the table of keys that every kind with a page has. Pure data.
 */

import { WAIT_ROWS } from './keys-of-waits.js';
import type { Row } from './keys-row.js';
import { telling } from './keys-site.js';

const NEVER = telling('false');
const ALWAYS = telling('true');
const STYLED = telling('getComputedStyle(told).color === "rgb(1, 2, 3)"');
const IMAGE_FAILS = telling('false', '<img src="SITE/image.png" onerror="so()">');
/** It never finishes loading. */
const ENDLESS = telling('true', '<img src="SITE/never">');
const FETCHES = telling(
  'false',
  `<script>fetch('http://nowhere.test/x').then(async (got) => {
    window.got = [got.status, got.headers.get('x-a'), got.headers.get('content-type'), await got.text()].join();
    if (got.status === 203 && window.got === '203,b,text/x-own,body') so();
  })</script>`,
);

const METADATA = {
  brands: [{ brand: 'Own', version: '1' }],
  fullVersionList: [{ brand: 'Own', version: '1.2' }],
  platform: 'Own',
  platformVersion: '3',
  architecture: 'arm',
  model: 'Model',
  mobile: false,
  bitness: '64',
  wow64: false,
  formFactors: ['Desktop'],
};

const LOOK = [{ content: 'tell()' }];
const ANY = { 'access-control-allow-origin': '*', 'access-control-expose-headers': '*' };
const TAGS: readonly Row[] = [
  { keys: ['addScriptTag.*.content'], page: NEVER, body: { addScriptTag: [{ content: 'so()' }] } },
  { keys: ['addScriptTag.*.url'], page: NEVER, body: { addScriptTag: [{ url: 'SITE/so.js' }] } },
  { keys: ['addScriptTag.*.type'], page: NEVER, body: { addScriptTag: [{ url: 'SITE/module.js', type: 'module' }] } },
  {
    keys: ['addStyleTag.*.content', 'addStyleTag.*.type'],
    page: STYLED,
    body: { addStyleTag: [{ content: '#told { color: rgb(1, 2, 3) }', type: 'text/css' }], addScriptTag: LOOK },
  },
  { keys: ['addStyleTag.*.url'], page: STYLED, body: { addStyleTag: [{ url: 'SITE/style.css' }], addScriptTag: LOOK } },
];

const cookie = (keys: readonly string[], expected: string, cookies: readonly object[]): Row => ({
  keys: keys.map((key) => `cookies.*.${key}`),
  by: 'url',
  page: telling(`(HEADERS).cookie === '${expected}'`),
  body: { cookies },
});

const COOKIES: readonly Row[] = [
  cookie(['name', 'value'], 'own=7', [{ name: 'own', value: '7' }]),
  cookie(['url'], 'here=1', [
    { name: 'here', value: '1', url: 'SITE' },
    { name: 'there', value: '1', url: 'AWAY' },
  ]),
  cookie(['domain'], 'here=1', [
    { name: 'here', value: '1', domain: '127.0.0.1' },
    { name: 'there', value: '1', domain: 'localhost' },
  ]),
  cookie(['path'], 'here=1', [
    { name: 'here', value: '1', path: '/' },
    { name: 'there', value: '1', path: '/other' },
  ]),
  cookie(['expires'], 'here=1', [
    { name: 'here', value: '1', expires: 4e9 },
    { name: 'there', value: '1', expires: 1 },
  ]),
  // Only secure cookies may have this name.
  cookie(['secure'], '__Secure-own=1', [{ name: '__Secure-own', value: '1', secure: true }]),
  {
    keys: ['cookies.*.httpOnly'],
    by: 'url',
    page: telling(`(HEADERS).cookie === 'own=1; seen=1' && document.cookie === 'seen=1'`),
    body: {
      cookies: [
        { name: 'own', value: '1', httpOnly: true },
        { name: 'seen', value: '1', httpOnly: false },
      ],
    },
  },
  {
    // Another site has this one in a frame.
    keys: ['cookies.*.sameSite'],
    by: 'html',
    page: telling(
      'false',
      `<script>onmessage = ({ data }) => { if (data === "sent none=1") so() }</script>
      <iframe src="SITE/framed"></iframe>`,
    ),
    body: {
      waitForFunction: { fn: 'document.documentElement.className' },
      cookies: [
        { name: 'none', value: '1', url: 'SITE', sameSite: 'None', secure: true },
        { name: 'lax', value: '1', url: 'SITE', sameSite: 'Lax' },
        { name: 'strict', value: '1', url: 'SITE', sameSite: 'Strict' },
      ],
    },
  },
];

const SETTINGS: readonly Row[] = [
  { keys: ['url'], by: 'url', page: telling('location.protocol === "http:"'), body: {} },
  { keys: ['html'], by: 'html', page: telling('location.href === "about:blank"'), body: {} },
  {
    keys: ['authenticate.username', 'authenticate.password'],
    by: 'url',
    query: '?secret',
    page: ALWAYS,
    body: { authenticate: { username: 'user', password: 'pass' } },
  },
  {
    keys: ['gotoOptions.timeout', 'bestAttempt'],
    page: ENDLESS,
    body: { gotoOptions: { timeout: 3_000 }, bestAttempt: true },
  },
  {
    keys: ['gotoOptions.timeout'],
    page: ENDLESS,
    body: { gotoOptions: { timeout: 300 } },
    tells: { refusal: [408, /had not loaded after 300 ms/] },
  },
  { keys: ['gotoOptions.waitUntil'], page: ENDLESS, body: { gotoOptions: { waitUntil: 'domcontentloaded' } } },
  {
    keys: ['gotoOptions.referer'],
    by: 'url',
    page: telling('(HEADERS).referer === "http://from.test/path"'),
    body: { gotoOptions: { referer: 'http://from.test/path' } },
  },
  {
    keys: ['gotoOptions.referrerPolicy'],
    by: 'url',
    page: telling('(HEADERS).referer === "http://from.test/"'),
    body: { gotoOptions: { referer: 'http://from.test/path', referrerPolicy: 'origin' } },
  },
  { keys: ['rejectRequestPattern'], page: IMAGE_FAILS, body: { rejectRequestPattern: ['image\\.png$'] } },
  { keys: ['rejectResourceTypes'], page: IMAGE_FAILS, body: { rejectResourceTypes: ['image'] } },
  {
    keys: ['pattern', 'response.body', 'response.contentType', 'response.status', 'response.headers'].map(
      (key) => `requestInterceptors.*.${key}`,
    ),
    page: FETCHES,
    body: {
      requestInterceptors: [
        {
          pattern: 'nowhere\\.test',
          response: { body: 'body', contentType: 'text/x-own', status: 203, headers: { ...ANY, 'x-a': 'b' } },
        },
      ],
      waitForFunction: { fn: 'window.got' },
    },
  },
  {
    keys: ['setExtraHTTPHeaders'],
    page: telling('sent["x-own"] === "1"'),
    body: { setExtraHTTPHeaders: { 'x-own': '1' } },
  },
  {
    keys: ['userAgent'],
    page: telling('navigator.userAgent === "Own/1" && sent["user-agent"] === "Own/1"'),
    body: { userAgent: 'Own/1' },
  },
  {
    keys: ['userAgent.userAgent', 'userAgent.platform'],
    page: telling('navigator.userAgent === "Own/1" && sent["user-agent"] === "Own/1" && navigator.platform === "Own"'),
    body: { userAgent: { userAgent: 'Own/1', platform: 'Own' } },
  },
  {
    keys: ['userAgent.platform'],
    page: telling('navigator.platform === "Own"'),
    body: { userAgent: { platform: 'Own' } },
  },
  {
    keys: Object.keys(METADATA)
      .flatMap((key) => (/brands|List/.test(key) ? [`${key}.*.brand`, `${key}.*.version`] : [key]))
      .map((key) => `userAgent.userAgentMetadata.${key}`),
    by: 'url',
    page: telling(
      'false',
      `<script>const expected = ${JSON.stringify(METADATA)};
      navigator.userAgentData.getHighEntropyValues(Object.keys(expected)).then((told) => {
        window.told2 = JSON.stringify(told);
        const same = (key) => JSON.stringify(told[key]) === JSON.stringify(expected[key]);
        if (Object.keys(expected).every(same) && sent['sec-ch-ua-platform'] === '"Own"') so();
      })</script>`,
    ),
    body: {
      userAgent: { userAgent: 'Own/1', userAgentMetadata: METADATA },
      waitForFunction: { fn: 'window.told2' },
    },
  },
  {
    keys: ['viewport.width', 'viewport.height'],
    page: telling('innerWidth === 333 && innerHeight === 222'),
    body: {
      viewport: { width: 333, height: 222 },
    },
  },
  ...(
    [
      ['deviceScaleFactor', 2, 'devicePixelRatio === 2'],
      ['hasTouch', true, 'navigator.maxTouchPoints > 0'],
      ['isLandscape', true, 'screen.orientation.angle === 90'],
      ['isMobile', true, 'document.documentElement.clientWidth === 980'],
    ] as const
  ).map(([key, value, expression]): Row => {
    return {
      keys: [`viewport.${key}`],
      page: telling(expression),
      body: { viewport: { width: 300, height: 200, [key]: value } },
    };
  }),
  {
    keys: ['setJavaScriptEnabled'],
    page: `<!doctype html><html class="so"><style>body { margin: 0 } .so { background: #0f0 }</style>
      <p id="told">it is so</p><script>told.textContent = 'no'; document.documentElement.className = ''</script>`,
    body: { setJavaScriptEnabled: false },
  },
  { keys: ['emulateMediaType'], page: telling('matchMedia("print").matches'), body: { emulateMediaType: 'print' } },
  {
    keys: ['bypassCSP'],
    page: telling(
      'false',
      '<img src="SITE/image.png" onload="so()">',
      `<meta http-equiv="content-security-policy" content="img-src 'none'">`,
    ),
    body: { bypassCSP: true },
  },
  // With certificates: `test/faults/insecure-certs.faults.ts`.
  {
    keys: ['acceptInsecureCerts'],
    page: ALWAYS,
    body: { acceptInsecureCerts: true },
    tells: { refusal: [400, /ALLOW_INSECURE_CERTS/] },
  },
  // With proxies: `test/safety/proxies.faults.ts`.
  {
    keys: ['proxy.server', 'proxy.username', 'proxy.password', 'proxy.bypass'],
    page: ALWAYS,
    body: { proxy: { server: 'http://127.0.0.1:1', username: 'u', password: 'p', bypass: 'a.test' } },
    tells: { refusal: [400, /ALLOW_CLIENT_PROXY/] },
  },
];

export const PAGE_ROWS: readonly Row[] = [...SETTINGS, ...TAGS, ...COOKIES, ...WAIT_ROWS];
