/**
 * A font that is made of a few characters: each is the same triangle, black or red, and what it has not is a square.
 * TrueType, with COLR and CPAL for the colour.
 */

const UNITS = 1000;
const ADVANCE = 1000;
const FAMILY = 'Made';
const BLACK_GLYPH = 1;
const RED_GLYPH = 2;
/** ARGB, as BGRA. */
const RED = [0, 0, 255, 255];
/** What the checksum of the whole comes to. */
const WHOLE_SUM = 0xb1b0afba;

type Point = readonly [x: number, y: number];

const SQUARE: readonly Point[] = [
  [100, 0],
  [100, 700],
  [600, 700],
  [600, 0],
];
const TRIANGLE: readonly Point[] = [
  [100, 0],
  [500, 800],
  [900, 0],
];

export function makeFont({ black, red }: { readonly black: string; readonly red: string }): Buffer {
  const glyphs = [outline(SQUARE), outline(TRIANGLE), outline(TRIANGLE)];
  const offsets = [0, ...glyphs.map((_, i) => glyphs.slice(0, i + 1).reduce((sum, { length }) => sum + length, 0))];
  const tables: Readonly<Record<string, Buffer>> = {
    COLR: colr(),
    CPAL: Buffer.concat([u16(0, 1, 1, 1), u32(14), u16(0), Buffer.from(RED)]),
    'OS/2': os2(),
    cmap: cmap([...glyphsOf(black, BLACK_GLYPH), ...glyphsOf(red, RED_GLYPH)]),
    glyf: Buffer.concat(glyphs),
    head: head(),
    hhea: Buffer.concat([u32(0x10000), i16(800, -200, 0), u16(ADVANCE), i16(...new Array(11).fill(0)), u16(3)]),
    hmtx: u16(ADVANCE, 0, ADVANCE, 0, ADVANCE, 0),
    loca: u32(...offsets),
    maxp: Buffer.concat([u32(0x10000), u16(3, 4, 1, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0)]),
    name: name(),
    post: Buffer.concat([u32(0x30000, 0), i16(0, 0), u32(0, 0, 0, 0, 0)]),
  };
  return assemble(tables);
}

function glyphsOf(text: string, glyph: number): (readonly [code: number, glyph: number])[] {
  return [...text].map((one) => [one.codePointAt(0) ?? 0, glyph] as const);
}

function outline(points: readonly Point[]): Buffer {
  const deltas = (axis: 0 | 1): number[] => points.map((point, i) => point[axis] - (points[i - 1]?.[axis] ?? 0));
  const bounds = i16(
    1,
    ...[Math.min, Math.max].flatMap((of) => ([0, 1] as const).map((axis) => of(...points.map((p) => p[axis])))),
  );
  const flags = Buffer.alloc(points.length, 1);
  return padded(Buffer.concat([bounds, u16(points.length - 1, 0), flags, i16(...deltas(0)), i16(...deltas(1))]));
}

/** The red glyph is one layer: the black one in the first colour. */
function colr(): Buffer {
  return Buffer.concat([u16(0, 1), u32(14, 20), u16(1), u16(RED_GLYPH, 0, 1), u16(BLACK_GLYPH, 0)]);
}

/** Format 12, a group for each character. */
function cmap(codes: readonly (readonly [code: number, glyph: number])[]): Buffer {
  const sorted = [...new Map(codes)].sort(([a], [b]) => a - b);
  const groups = sorted.map(([code, glyph]) => u32(code, code, glyph));
  const table = Buffer.concat([u16(12, 0), u32(16 + 12 * groups.length, 0, groups.length), ...groups]);
  return Buffer.concat([u16(0, 1, 3, 10), u32(12), table]);
}

function head(): Buffer {
  return Buffer.concat([
    ...[u32(0x10000, 0x10000, 0, 0x5f0f3cf5), u16(3, UNITS), Buffer.alloc(16)],
    ...[i16(0, 0, 1000, 800), u16(0, 8), i16(2, 1, 0)],
  ]);
}

function os2(): Buffer {
  const start = u16(4, ADVANCE, 400, 5, 0);
  const middle = Buffer.concat([i16(...new Array(11).fill(0)), Buffer.alloc(10), u32(1, 0, 0, 0), Buffer.from('none')]);
  return Buffer.concat([
    start,
    middle,
    u16(0x40, 0x20, 0xffff),
    i16(800, -200, 0),
    u16(800, 200),
    u32(1, 0),
    u16(500, 700, 0, 32, 1),
  ]);
}

function name(): Buffer {
  const texts = [FAMILY, 'Regular', FAMILY, FAMILY].map((text) => Buffer.from(text, 'utf16le').swap16());
  const ids = [1, 2, 4, 6];
  let at = 0;
  const records = texts.map((text, i) => {
    const record = u16(3, 1, 0x409, ids[i] ?? 0, text.length, at);
    at += text.length;
    return record;
  });
  return Buffer.concat([u16(0, texts.length, 6 + 12 * texts.length), ...records, ...texts]);
}

function assemble(tables: Readonly<Record<string, Buffer>>): Buffer {
  const entries = Object.entries(tables).sort(([a], [b]) => (a < b ? -1 : 1));
  const count = entries.length;
  const power = 2 ** Math.floor(Math.log2(count));
  let at = 12 + 16 * count;
  const directory = entries.map(([tag, data]) => {
    const entry = Buffer.concat([Buffer.from(tag), u32(sumOf(data), at, data.length)]);
    at += padded(data).length;
    return entry;
  });
  const start = Buffer.concat([u32(0x10000), u16(count, power * 16, Math.log2(power), (count - power) * 16)]);
  const whole = Buffer.concat([start, ...directory, ...entries.map(([, data]) => padded(data))]);
  const headAt =
    12 + 16 * count + entries.filter(([tag]) => tag < 'head').reduce((sum, [, data]) => sum + padded(data).length, 0);
  whole.writeUInt32BE((WHOLE_SUM - sumOf(whole)) >>> 0, headAt + 8);
  return whole;
}

function sumOf(data: Buffer): number {
  const all = padded(data);
  let sum = 0;
  for (let i = 0; i < all.length; i += 4) sum = (sum + all.readUInt32BE(i)) >>> 0;
  return sum;
}

function padded(data: Buffer): Buffer {
  return Buffer.concat([data, Buffer.alloc((4 - (data.length % 4)) % 4)]);
}

function u16(...values: readonly number[]): Buffer {
  const made = Buffer.alloc(2 * values.length);
  for (const [i, value] of values.entries()) made.writeUInt16BE(value, 2 * i);
  return made;
}

function i16(...values: readonly number[]): Buffer {
  const made = Buffer.alloc(2 * values.length);
  for (const [i, value] of values.entries()) made.writeInt16BE(value, 2 * i);
  return made;
}

function u32(...values: readonly number[]): Buffer {
  const made = Buffer.alloc(4 * values.length);
  for (const [i, value] of values.entries()) made.writeUInt32BE(value, 4 * i);
  return made;
}
