/**
 * For which scripts Chromium has no font. Only Chromium knows where its fonts are, so it draws samples. A sample is
 * missing when it looks like a character that no font has. In: a page; out: names of scripts. Runs in a worker thread.
 */
import type { Clock } from '../clock.js';
import type { Fonts } from '../protocol/job.js';
import { FONT_SCRIPTS, type FontScript } from '../protocol/names.js';
import { limit, waitFor } from '../wait.js';
import type { Cdp } from './cdp/cdp.js';
import { valueApart } from './evaluate.js';
import type { Shard } from './shard.js';

/** Nobody waits for this, so it comes when no session runs; on a server that is never at rest, after a minute. */
const LOOK_EVERY_MS = 2_000;
const LOOKS_MAX = 30;
/** It takes some 50 ms. */
const LIMIT_MS = 10_000;

const COLOURED: FontScript = 'colour emoji';
/** Each character is drawn alone. Many fonts for Japanese lack the first Chinese one. */
const SAMPLES: Readonly<Record<FontScript, string>> = {
  Latin: 'Ag',
  Chinese: '汉漢',
  Japanese: 'かカ漢',
  Korean: '한국',
  'colour emoji': '😀🎉',
  Arabic: 'عب',
  Hebrew: 'אש',
  Thai: 'กข',
  Devanagari: 'कह',
};

/** Runs in the page. Where there is no font at all, Chromium draws nothing, for every character. */
const MISSING = `((samples, coloured) => {
  const size = 48;
  const canvas = Object.assign(document.createElement('canvas'), { width: size, height: size });
  const context = canvas.getContext('2d', { willReadFrequently: true });
  context.font = '24px sans-serif';
  const draw = (text) => {
    context.clearRect(0, 0, size, size);
    context.fillText(text, 4, 32);
    return context.getImageData(0, 0, size, size).data;
  };
  const isGrey = (data) => data.every((value, i) => i % 4 === 3 || value === data[i - (i % 4)]);
  const noFont = draw('\\u{10FFFF}').join();
  const isThere = (text, script) => {
    const data = draw(text);
    return data.join() !== noFont && !(script === coloured && isGrey(data));
  };
  const scripts = Object.keys(samples);
  return scripts.filter((script) => ![...samples[script]].every((text) => isThere(text, script)));
})(${JSON.stringify(SAMPLES)}, ${JSON.stringify(COLOURED)})`;

export interface FontTellerOptions {
  /** One thread of all is enough: the fonts are the machine's. */
  readonly isWanted: boolean;
  readonly isBusy: () => boolean;
  readonly withPage: Shard['withPage'];
  readonly tell: (found: Fonts) => void;
  readonly clock: Clock;
}

export interface FontTeller {
  /** Called after each try to attach to a browser. The first browser that is attached is asked. */
  attached(isAttached: boolean): Promise<void>;
}

export function createFontTeller({ isWanted, isBusy, withPage, tell, clock }: FontTellerOptions): FontTeller {
  let isToTell = isWanted;
  const find = async (): Promise<Fonts> => {
    await untilIdle(clock, isBusy);
    try {
      return { isKnown: true, missing: await withPage((cdp) => missingScripts(cdp, clock)) };
    } catch (error) {
      return { isKnown: false, message: error instanceof Error ? error.message : String(error) };
    }
  };
  return {
    async attached(isAttached) {
      if (!isAttached || !isToTell) return;
      isToTell = false;
      tell(await find());
    },
  };
}

/** Resolves when no session runs, after a minute at the latest. */
export async function untilIdle(clock: Clock, isBusy: () => boolean): Promise<void> {
  for (let look = 1; look <= LOOKS_MAX; look++) {
    await waitFor(null, [limit(clock, LOOK_EVERY_MS), () => {}]);
    if (!isBusy()) return;
  }
}

/** Rejects when the page does not tell in time. */
async function missingScripts(cdp: Cdp, clock: Clock): Promise<FontScript[]> {
  const missing = await waitFor(valueApart(cdp, MISSING), [limit(clock, LIMIT_MS), tooLate]);
  if (!Array.isArray(missing)) throw new Error('it told nothing of its fonts');
  return FONT_SCRIPTS.filter((script) => missing.includes(script));
}

function tooLate(): never {
  throw new Error(`it did not tell of its fonts within ${LIMIT_MS} ms`);
}
