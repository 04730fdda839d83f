/**
 * What all bodies with a page have in common: which page it is, and what is done before the job begins. Pure data;
 * workers import the types only.
 */
import { Type } from 'typebox';
import { closed, ms, oneOf, text } from './schema-parts.js';

/** Beyond this Chromium refuses or crashes. A canvas of 10 000 × 10 000 takes 400 MB in the renderer. */
const Pixels = Type.Integer({ minimum: 1, maximum: 10_000 });

const WAIT_UNTIL = ['load', 'domcontentloaded', 'networkidle0', 'networkidle2', 'commit'] as const;
const WaitUntil = oneOf(WAIT_UNTIL);

const REFERRER_POLICIES = [
  ...(['no-referrer', 'no-referrer-when-downgrade', 'origin', 'origin-when-cross-origin', 'same-origin'] as const),
  ...(['strict-origin', 'strict-origin-when-cross-origin', 'unsafe-url'] as const),
] as const;

const Tag = Type.Object(
  { url: Type.Optional(text(8192)), content: Type.Optional(text(5_000_000)), type: Type.Optional(text(64)) },
  closed,
);

const Cookie = Type.Object(
  {
    name: text(4096),
    value: Type.String({ maxLength: 4096 }),
    url: Type.Optional(text(8192)),
    domain: Type.Optional(text(255)),
    path: Type.Optional(text(2048)),
    expires: Type.Optional(Type.Number({ minimum: -1 })),
    httpOnly: Type.Optional(Type.Boolean()),
    secure: Type.Optional(Type.Boolean()),
    sameSite: Type.Optional(oneOf(['Strict', 'Lax', 'None'])),
  },
  closed,
);

/** One line, because it is sent in a header. */
const WORD = { maxLength: 256, pattern: '^[\\x20-\\x7e]*$' } as const;

const Headers = Type.Record(Type.String(), Type.String({ maxLength: 16_384 }));

const Brands = Type.Array(Type.Object({ brand: Type.String(WORD), version: Type.String(WORD) }, closed), {
  maxItems: 32,
});

/** As Puppeteer writes it and Chromium needs it. */
const UserAgent = Type.Object(
  {
    userAgent: Type.Optional(text(2048)),
    platform: Type.Optional(text(256)),
    userAgentMetadata: Type.Optional(
      Type.Object(
        {
          brands: Type.Optional(Brands),
          fullVersionList: Type.Optional(Brands),
          platform: Type.String(WORD),
          platformVersion: Type.String(WORD),
          architecture: Type.String(WORD),
          model: Type.String(WORD),
          mobile: Type.Boolean(),
          bitness: Type.Optional(Type.String(WORD)),
          wow64: Type.Optional(Type.Boolean()),
          formFactors: Type.Optional(Type.Array(Type.String(WORD), { maxItems: 32 })),
        },
        closed,
      ),
    ),
  },
  closed,
);

const Viewport = Type.Object(
  {
    width: Pixels,
    height: Pixels,
    deviceScaleFactor: Type.Optional(Type.Number({ exclusiveMinimum: 0, maximum: 8 })),
    hasTouch: Type.Optional(Type.Boolean()),
    isLandscape: Type.Optional(Type.Boolean()),
    isMobile: Type.Optional(Type.Boolean()),
  },
  closed,
);

const WaitForSelector = Type.Object(
  {
    selector: text(8192),
    visible: Type.Optional(Type.Boolean()),
    hidden: Type.Optional(Type.Boolean()),
    timeout: Type.Optional(ms()),
  },
  closed,
);

const WaitForFunction = Type.Object(
  {
    fn: text(1_000_000),
    polling: Type.Optional(
      Type.Union([Type.Literal('raf'), Type.Literal('mutation'), Type.Number({ minimum: 1, maximum: 60_000 })]),
    ),
    timeout: Type.Optional(ms()),
  },
  closed,
);

const WaitForEvent = Type.Object({ event: text(256), timeout: Type.Optional(ms()) }, closed);

/** The keys that every kind with a page has. */
export const PAGE_KEYS = {
  url: Type.Optional(Type.String({ maxLength: 8192 })),
  html: Type.Optional(Type.String()),
  authenticate: Type.Optional(
    Type.Object({ username: Type.String({ maxLength: 1024 }), password: Type.String({ maxLength: 1024 }) }, closed),
  ),
  addScriptTag: Type.Optional(Type.Array(Tag, { maxItems: 100 })),
  addStyleTag: Type.Optional(Type.Array(Tag, { maxItems: 100 })),
  cookies: Type.Optional(Type.Array(Cookie, { maxItems: 500 })),
  gotoOptions: Type.Optional(
    Type.Object(
      {
        timeout: Type.Optional(ms()),
        waitUntil: Type.Optional(Type.Union([WaitUntil, Type.Array(WaitUntil, { minItems: 1, maxItems: 5 })])),
        referer: Type.Optional(Type.String({ maxLength: 8192 })),
        referrerPolicy: Type.Optional(oneOf(REFERRER_POLICIES)),
      },
      closed,
    ),
  ),
  rejectRequestPattern: Type.Optional(Type.Array(text(1024), { maxItems: 100 })),
  rejectResourceTypes: Type.Optional(Type.Array(text(32), { maxItems: 32 })),
  requestInterceptors: Type.Optional(
    Type.Array(
      Type.Object(
        {
          pattern: text(1024),
          response: Type.Object(
            {
              body: Type.Optional(Type.String()),
              contentType: Type.Optional(text(256)),
              status: Type.Optional(Type.Integer({ minimum: 200, maximum: 599 })),
              headers: Type.Optional(Headers),
            },
            closed,
          ),
        },
        closed,
      ),
      { maxItems: 100 },
    ),
  ),
  setExtraHTTPHeaders: Type.Optional(Headers),
  userAgent: Type.Optional(Type.Union([text(2048), UserAgent])),
  viewport: Type.Optional(Viewport),
  setJavaScriptEnabled: Type.Optional(Type.Boolean()),
  emulateMediaType: Type.Optional(oneOf(['screen', 'print'])),
  waitForSelector: Type.Optional(WaitForSelector),
  waitForFunction: Type.Optional(WaitForFunction),
  waitForEvent: Type.Optional(WaitForEvent),
  waitForTimeout: Type.Optional(ms()),
  waitFor: Type.Optional(Type.Union([ms(), text(1_000_000), WaitForSelector, WaitForFunction])),
  bestAttempt: Type.Optional(Type.Boolean()),
  acceptInsecureCerts: Type.Optional(Type.Boolean()),
  bypassCSP: Type.Optional(Type.Boolean()),
  proxy: Type.Optional(
    Type.Object(
      {
        server: text(2048),
        username: Type.Optional(Type.String({ maxLength: 1024 })),
        password: Type.Optional(Type.String({ maxLength: 1024 })),
        bypass: Type.Optional(Type.String({ maxLength: 8192 })),
      },
      closed,
    ),
  ),
} as const;

/** The body may be the page itself. */
export const RAW_PAGE = { 'text/html': 'html' } as const;

export type PageBody = Type.Static<Type.TObject<typeof PAGE_KEYS>>;
export type WaitUntilName = (typeof WAIT_UNTIL)[number];
export type ReferrerPolicy = (typeof REFERRER_POLICIES)[number];
