/**
 * A page like those on the web, made from nothing: 300 KB in 7 files. A grid of cards in HTML, a style sheet that
 * mostly matches nothing, a script that fills half of the cards while the page loads, and four pictures of noise.
 */

import { PNG } from 'pngjs';

const CARDS = 120;
const RULES = 700;
const SCRIPT_BYTES = 90_000;
const IMAGES = 4;
const IMAGE_SIDE = 94;
const WORDS = 'Browsers load far more than anybody looks at, and then lay it out, paint it and throw it away. ';

export interface Resource {
  readonly type: string;
  readonly bytes: Buffer;
}

/** Its files by path, the page itself at `path`. */
export function largePage(path: string): [path: string, resource: Resource][] {
  const images = Array.from({ length: IMAGES }, (_, i): [string, Resource] => [
    `${path}/${i}.png`,
    { type: 'image/png', bytes: noise(i + 1) },
  ]);
  return [
    [path, { type: 'text/html; charset=utf-8', bytes: Buffer.from(html(path)) }],
    [`${path}/style.css`, { type: 'text/css', bytes: Buffer.from(style()) }],
    [`${path}/script.js`, { type: 'text/javascript', bytes: Buffer.from(script()) }],
    ...images,
  ];
}

function html(path: string): string {
  const cards = Array.from({ length: CARDS }, (_, i) => {
    const image = `<img src="${path}/${i % IMAGES}.png" width="64" height="64" alt="">`;
    return `<article class="card c${i}">${image}<h2>Card ${i}</h2><p>${i % 2 ? WORDS.repeat(2) : ''}</p></article>`;
  });
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>A large page</title>
<link rel="stylesheet" href="${path}/style.css"><script defer src="${path}/script.js"></script></head>
<body><main>${cards.join('\n')}</main></body></html>`;
}

function style(): string {
  const rules = Array.from(
    { length: RULES },
    (_, i) => `main > .card.c${i}:not(:hover) h2 + p { color: hsl(${i % 360} 30% 30%); padding: ${i % 7}px }`,
  );
  return `body { font: 15px/1.4 sans-serif } main { display: grid; grid-template-columns: repeat(4, 1fr); gap: 1em }
.card { border: 1px solid #ccd; border-radius: 6px; box-shadow: 0 1px 3px #0003; padding: 1em }
${rules.join('\n')}`;
}

/** Mostly functions that are parsed and never called, as in real bundles. */
function script(): string {
  const work = `for (const p of document.querySelectorAll('.card p:empty')) {
  p.textContent = ${JSON.stringify(WORDS)}.split(' ').map((word) => word.toLowerCase()).sort().join(' ');
}\n`;
  let text = work;
  for (let i = 0; text.length < SCRIPT_BYTES; i++) {
    text += `function unused${i}(a, b) { const c = a * ${i} + b; return c > ${i} ? [c, a] : { c, b, d: '${i}' }; }\n`;
  }
  return text;
}

/** A picture that does not compress, the same each time. */
function noise(seed: number): Buffer {
  const picture = new PNG({ width: IMAGE_SIDE, height: IMAGE_SIDE });
  let state = seed;
  for (let i = 0; i < picture.data.length; i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    picture.data[i] = i % 4 === 3 ? 255 : state >>> 24;
  }
  return PNG.sync.write(picture);
}
