/**
 * The JSON bodies of the session routes, as schemas: what is checked at the edge, what the API documentation shows, and
 * the types that jobs have in the workers. Pure data; only `http/` evaluates the schemas, workers import the types.
 */
import { Type } from 'typebox';

const closed = { additionalProperties: false } as const;

const text = (maxLength: number) => Type.String({ minLength: 1, maxLength });
const ms = (maximum = 3_600_000) => Type.Number({ minimum: 0, maximum });

/** Chromium refuses or crashes beyond these; a canvas of 10 000 × 10 000 is 400 MB in the renderer. */
const Pixels = Type.Integer({ minimum: 1, maximum: 10_000 });

const WAIT_UNTIL = ['load', 'domcontentloaded', 'networkidle0', 'networkidle2', 'commit'] as const;
const WaitUntil = Type.Union(WAIT_UNTIL.map((name) => Type.Literal(name)));

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
    sameSite: Type.Optional(Type.Union([Type.Literal('Strict'), Type.Literal('Lax'), Type.Literal('None')])),
  },
  closed,
);

const Headers = Type.Record(Type.String(), Type.String({ maxLength: 16_384 }));

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

const page = {
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
  userAgent: Type.Optional(text(2048)),
  viewport: Type.Optional(Viewport),
  setJavaScriptEnabled: Type.Optional(Type.Boolean()),
  emulateMediaType: Type.Optional(Type.Union([Type.Literal('screen'), Type.Literal('print')])),
  waitForSelector: Type.Optional(WaitForSelector),
  waitForFunction: Type.Optional(WaitForFunction),
  waitForEvent: Type.Optional(WaitForEvent),
  waitForTimeout: Type.Optional(ms()),
  waitFor: Type.Optional(Type.Union([ms(), text(1_000_000), WaitForSelector, WaitForFunction])),
  bestAttempt: Type.Optional(Type.Boolean()),
} as const;

const Clip = Type.Object(
  {
    x: Type.Number({ minimum: 0, maximum: 100_000 }),
    y: Type.Number({ minimum: 0, maximum: 100_000 }),
    width: Type.Number({ exclusiveMinimum: 0, maximum: 16_384 }),
    height: Type.Number({ exclusiveMinimum: 0, maximum: 16_384 }),
    scale: Type.Optional(Type.Number({ exclusiveMinimum: 0, maximum: 8 })),
  },
  closed,
);

const ScreenshotOptions = Type.Object(
  {
    type: Type.Optional(Type.Union([Type.Literal('png'), Type.Literal('jpeg'), Type.Literal('webp')])),
    quality: Type.Optional(Type.Integer({ minimum: 0, maximum: 100 })),
    fullPage: Type.Optional(Type.Boolean()),
    clip: Type.Optional(Clip),
    omitBackground: Type.Optional(Type.Boolean()),
    encoding: Type.Optional(Type.Union([Type.Literal('binary'), Type.Literal('base64')])),
  },
  closed,
);

/** A paper length: `10`, `"10"` (px), `"10px"`, `"1in"`, `"2.5cm"`, `"20mm"`. */
const Length = Type.Union([
  Type.Number({ minimum: 0, maximum: 100_000 }),
  Type.String({ pattern: '^\\d+(\\.\\d+)?(px|in|cm|mm)?$', maxLength: 20 }),
]);

const PAPER = ['Letter', 'Legal', 'Tabloid', 'Ledger', 'A0', 'A1', 'A2', 'A3', 'A4', 'A5', 'A6'] as const;

const PdfOptions = Type.Object(
  {
    // Puppeteer's clients write the names in either case.
    format: Type.Optional(Type.Union(PAPER.flatMap((name) => [Type.Literal(name), Type.Literal(name.toLowerCase())]))),
    width: Type.Optional(Length),
    height: Type.Optional(Length),
    landscape: Type.Optional(Type.Boolean()),
    margin: Type.Optional(
      Type.Object(
        {
          top: Type.Optional(Length),
          right: Type.Optional(Length),
          bottom: Type.Optional(Length),
          left: Type.Optional(Length),
        },
        closed,
      ),
    ),
    scale: Type.Optional(Type.Number({ minimum: 0.1, maximum: 2 })),
    pageRanges: Type.Optional(
      Type.String({ pattern: '^\\s*(\\d+\\s*(-\\s*\\d*)?(\\s*,\\s*|\\s*$))*$', maxLength: 1024 }),
    ),
    printBackground: Type.Optional(Type.Boolean()),
    displayHeaderFooter: Type.Optional(Type.Boolean()),
    headerTemplate: Type.Optional(Type.String({ maxLength: 1_000_000 })),
    footerTemplate: Type.Optional(Type.String({ maxLength: 1_000_000 })),
    preferCSSPageSize: Type.Optional(Type.Boolean()),
    omitBackground: Type.Optional(Type.Boolean()),
    tagged: Type.Optional(Type.Boolean()),
    outline: Type.Optional(Type.Boolean()),
  },
  closed,
);

export const BODIES = {
  screenshot: Type.Object(
    {
      ...page,
      options: Type.Optional(ScreenshotOptions),
      selector: Type.Optional(text(8192)),
      scrollPage: Type.Optional(Type.Boolean()),
    },
    closed,
  ),
  pdf: Type.Object({ ...page, options: Type.Optional(PdfOptions) }, closed),
  content: Type.Object(page, closed),
} as const;

export type PageBody = Type.Static<(typeof BODIES)['content']>;
export type ScreenshotBody = Type.Static<(typeof BODIES)['screenshot']>;
export type PdfBody = Type.Static<(typeof BODIES)['pdf']>;
export type WaitUntilName = (typeof WAIT_UNTIL)[number];
