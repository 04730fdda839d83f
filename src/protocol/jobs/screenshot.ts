/**
 * `screenshot`, as main knows it: of the viewport, the whole page, a part of it, or an element. Pure.
 */
import { Type } from 'typebox';
import { FOREIGN_FILE, FOREIGN_TO_PAGES, type ForeignKey } from './foreign-names.js';
import { PAGE_KEYS, RAW_PAGE } from './page-body.js';
import { checkPage } from './page-checks.js';
import { checkPicture, LENGTH_MAX } from './picture.js';
import { complaint, type JobRow } from './row.js';
import { closed, oneOf, text } from './schema-parts.js';

const Clip = Type.Object(
  {
    x: Type.Number({ minimum: 0, maximum: LENGTH_MAX }),
    y: Type.Number({ minimum: 0, maximum: LENGTH_MAX }),
    width: Type.Number({ exclusiveMinimum: 0, maximum: LENGTH_MAX }),
    height: Type.Number({ exclusiveMinimum: 0, maximum: LENGTH_MAX }),
    scale: Type.Optional(Type.Number({ exclusiveMinimum: 0, maximum: 8 })),
  },
  closed,
);

const ScreenshotOptions = Type.Object(
  {
    type: Type.Optional(oneOf(['png', 'jpeg', 'webp'])),
    quality: Type.Optional(Type.Integer({ minimum: 0, maximum: 100 })),
    fullPage: Type.Optional(Type.Boolean()),
    clip: Type.Optional(Clip),
    omitBackground: Type.Optional(Type.Boolean()),
    encoding: Type.Optional(oneOf(['binary', 'base64'])),
  },
  closed,
);

const Body = Type.Object(
  {
    ...PAGE_KEYS,
    options: Type.Optional(ScreenshotOptions),
    selector: Type.Optional(text(8192)),
    scrollPage: Type.Optional(Type.Boolean()),
  },
  closed,
);

const FOREIGN: readonly ForeignKey[] = [
  ...FOREIGN_TO_PAGES,
  FOREIGN_FILE,
  {
    path: 'manipulate',
    fate: 'refused',
    harmless: [{}],
    why: 'pictures are not edited: use viewport, its deviceScaleFactor, or options.clip with a scale',
  },
  { path: 'options.captureBeyondViewport', fate: 'ignored', why: 'all that is asked for is in the picture' },
  { path: 'options.fromSurface', fate: 'ignored', why: 'pictures are always taken from the surface' },
  { path: 'options.optimizeForSpeed', fate: 'ignored', why: 'pictures are always packed fast' },
];

export type ScreenshotBody = Type.Static<typeof Body>;

export const screenshot: JobRow<typeof Body> = {
  about: 'the page, a part of it or an element, as an image',
  produces: ['image/png', 'image/jpeg', 'image/webp', 'text/plain'],
  body: Body,
  raw: RAW_PAGE,
  foreign: FOREIGN,
  isRetryable: true,
  check(body) {
    checkPage(body);
    const { options = {} } = body;
    if (options.fullPage && (options.clip || body.selector !== undefined)) {
      throw complaint('options.fullPage', 'not with a clip or a selector, which name a part');
    }
    if (options.clip && body.selector !== undefined) throw complaint('options.clip', 'not with a selector');
    checkSize(body);
  },
};

/** The size of a whole page or an element is known only from the page. */
function checkSize({ options = {}, viewport, selector }: ScreenshotBody): void {
  const { type = 'png', clip, fullPage } = options;
  const scale = viewport?.deviceScaleFactor ?? 1;
  if (clip) checkPicture('options.clip', type, clip, scale * (clip.scale ?? 1));
  else if (viewport && !fullPage && selector === undefined) checkPicture('viewport', type, viewport, scale);
}
