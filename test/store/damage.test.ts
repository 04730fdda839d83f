/**
 * Files with flipped bits and files that were cut anywhere. The server starts, good rows are there to the digit, no sum
 * is wrong, and the broken file is put aside and named.
 */

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { fileBytes, PAGE_BYTES, SEATS_OFFSET, TIMES_OFFSET } from '../../src/store/format.js';
import type { FakeClock } from '../metrics/fake-clock.js';
import { freshSeed, seededRandom } from '../seeded-random.js';
import { checkSums, type JsonRow, makeFolder, PERIOD_MS, startLife } from './life.js';

const SEED = freshSeed();
const PERIODS = 6;
const FLIP_COUNT = 320;
const CUT_COUNT = 60;
/** Session times of the whole file's rows. */
const TIMES_COUNT = 400;

const test = suite('store/damage');
const folder = makeFolder('damage');
test.after(() => folder.remove());

async function makeFile(): Promise<{ bytes: Buffer; rows: JsonRow[]; clock: FakeClock }> {
  const life = await startLife({ path: folder.of('good.ring'), periods: PERIODS });
  for (let row = 0; row <= PERIODS; row++) {
    if (row > 0) life.nextPeriod();
    for (let i = 0; i < Math.floor(TIMES_COUNT / (PERIODS + 1)); i++) life.session(1 + i * 37 + row);
  }
  await life.history.close();
  return { bytes: readFileSync(folder.of('good.ring')), rows: life.rows(), clock: life.clock };
}

/** Opens a broken file and looks at the result. Returns how many rows are unchanged. */
async function tryFile(
  name: string,
  { bytes, rows, clock }: { bytes: Buffer; rows: readonly JsonRow[]; clock: FakeClock },
  { isWritten }: { isWritten: boolean },
): Promise<{ whole: number; figures: number; found: number; logs: string[]; isAside: boolean }> {
  const path = folder.of(name);
  writeFileSync(path, bytes);
  const life = await startLife({ path, periods: PERIODS, clock, isAttached: isWritten });
  checkSums(life.ring);
  const found = life.rows();
  let whole = 0;
  let figures = 0;
  for (const row of found) {
    const good = rows.find(({ date }) => date === row['date']);
    assert.ok(good, 'no row comes from nowhere');
    if (isSame(row, good)) whole++;
    if (isSame({ ...row, sessionTimes: [], sessionTimesDropped: 0 }, { ...good, sessionTimes: [] })) figures++;
  }
  // A file that is never written is reported at once.
  const isOurs = life.failures.length === 0;
  life.session(11);
  if (isWritten) await life.history.flush();
  const isAside = existsSync(`${path}.bad-1`);
  if (isWritten && isOurs) {
    const before = life.rows();
    await life.history.close();
    const again = await startLife({ path, periods: PERIODS, clock });
    assert.equal(again.rows(), before, 'the new file has what was saved');
    assert.is(again.logs.filter((line) => line.startsWith('error')).length, 0);
    if (isAside) assert.ok(readFileSync(`${path}.bad-1`).equals(bytes), 'the broken file is kept as it was');
    await again.history.close();
  } else {
    await life.history.close();
  }
  return { whole, figures, found: found.length, logs: life.logs, isAside };
}

function isSame(a: object, b: object): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

test(`${FLIP_COUNT} flipped bits, seed ${SEED}`, async () => {
  const random = seededRandom(SEED);
  const good = await makeFile();
  const inUse = [
    { from: 0, length: PAGE_BYTES },
    { from: TIMES_OFFSET, length: TIMES_COUNT * 4 },
    { from: SEATS_OFFSET, length: (PERIODS + 1) * PAGE_BYTES },
    { from: 0, length: good.bytes.length },
  ];
  let noticed = 0;
  for (let i = 0; i < FLIP_COUNT; i++) {
    const place = inUse[i % inUse.length] ?? { from: 0, length: 1 };
    const at = place.from + Math.floor(random() * place.length);
    const bytes = Buffer.from(good.bytes);
    bytes[at] = (bytes[at] ?? 0) ^ (1 << Math.floor(random() * 8));
    const seen = await tryFile(`flip-${i % 8}-${i}`, { ...good, bytes }, { isWritten: i % 32 < 4 });
    const where = `a bit of byte ${at}, seed ${SEED}`;
    const isRow = at >= SEATS_OFFSET;
    const isTime = at >= TIMES_OFFSET && at < TIMES_OFFSET + TIMES_COUNT * 4;
    assert.ok(seen.whole >= PERIODS + (isRow || isTime ? 0 : 1), `${where}: ${seen.whole} rows are whole`);
    assert.ok(seen.figures >= PERIODS + (isRow ? 0 : 1), `${where}: ${seen.figures} rows have their figures`);
    const isNoticed = seen.logs.some((line) => line.startsWith('error') && line.includes('damaged'));
    if (isNoticed) noticed++;
    const isUsed = at < PAGE_BYTES || at >= SEATS_OFFSET;
    if (isUsed) assert.ok(isNoticed, `${where} goes unnoticed: ${seen.logs.join('; ')}`);
    if (i % 32 < 4) assert.is(seen.isAside, isNoticed, where);
    folder.clear();
  }
  console.log(`${noticed} of ${FLIP_COUNT} flips noticed; the others are in session times that no row has`);
  assert.ok(noticed > FLIP_COUNT * 0.6);
});

test(`${CUT_COUNT} cuts, seed ${SEED}`, async () => {
  const random = seededRandom(SEED + 1);
  const good = await makeFile();
  const size = good.bytes.length;
  const lengths = [1, 7, 8, 9, PAGE_BYTES - 1, PAGE_BYTES, PAGE_BYTES + 1, SEATS_OFFSET - 1, SEATS_OFFSET, size - 1];
  while (lengths.length < CUT_COUNT) {
    const [from, to] = lengths.length % 2 === 0 ? [SEATS_OFFSET, size] : [1, size];
    lengths.push(from + Math.floor(random() * (to - from)));
  }
  for (const [i, length] of lengths.entries()) {
    const seen = await tryFile(
      `cut-${i}`,
      { ...good, bytes: good.bytes.subarray(0, length) },
      { isWritten: i % 5 === 0 },
    );
    const left = Math.max(0, Math.floor((length - SEATS_OFFSET) / PAGE_BYTES));
    const expected = Math.min(left, PERIODS + 1);
    assert.is(seen.whole, expected, `cut to ${length} of ${size}`);
    assert.is(seen.isAside, i % 5 === 0, `cut to ${length}: ${seen.logs.join('; ')}`);
    assert.match(seen.logs.join('\n'), /damaged/);
    folder.clear();
  }
  assert.is(fileBytes({ periods: PERIODS, periodMs: PERIOD_MS }), size);
});

test('bytes added at the end are damage that costs nothing', async () => {
  const good = await makeFile();
  const bytes = Buffer.concat([good.bytes, Buffer.alloc(5000, 1)]);
  const seen = await tryFile('longer', { ...good, bytes }, { isWritten: true });
  assert.equal([seen.whole, seen.isAside], [PERIODS + 1, true]);
});

test('bad files do not pile up without end', async () => {
  const good = await makeFile();
  const path = folder.of('again');
  for (let i = 0; i < 12; i++) {
    writeFileSync(path, good.bytes.subarray(0, SEATS_OFFSET - 1));
    const life = await startLife({ path, periods: PERIODS, clock: good.clock });
    await life.history.close();
  }
  assert.ok(existsSync(`${path}.bad-9`));
  assert.not.ok(existsSync(`${path}.bad-10`));
});

test.run();
