/**
 * Says once in the log for which scripts Chromium has no font. Sessions do not fail then: their pages show boxes. Main
 * thread.
 */
import type { Log } from '../log.js';
import type { Fonts } from '../protocol/job.js';
import type { FontScript } from '../protocol/names.js';

const CJK = 'fonts-noto-cjk';
const OTHERS = 'fonts-noto-core';

/** Packages of Debian. */
export const FONT_PACKAGES: Readonly<Record<FontScript, string>> = {
  Latin: 'fonts-liberation',
  Chinese: CJK,
  Japanese: CJK,
  Korean: CJK,
  'colour emoji': 'fonts-noto-color-emoji',
  Arabic: OTHERS,
  Hebrew: OTHERS,
  Thai: OTHERS,
  Devanagari: OTHERS,
};

/** The returned function may be called again: a thread that replaces another looks for fonts too. */
export function createFontNotice(log: Pick<Log, 'warn' | 'debug'>): (fonts: Fonts) => void {
  let isTold = false;
  return (fonts) => {
    if (isTold) return;
    if (!fonts.isKnown) {
      log.debug({ message: fonts.message }, 'nothing is known of fonts');
      return;
    }
    isTold = true;
    const { missing } = fonts;
    if (missing.length === 0) return log.debug('there are fonts for all scripts that are looked for');
    const packages = [...new Set(missing.map((script) => FONT_PACKAGES[script]))];
    return log.warn({ missing, packages }, 'no font for some scripts: pages show boxes, or nothing, in their place');
  };
}
