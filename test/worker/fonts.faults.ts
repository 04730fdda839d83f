/**
 * A real server on machines with more and fewer fonts: it says once for which scripts there is none, and is right.
 */

import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { FONT_SCRIPTS } from '../../src/protocol/names.js';
import { deadline, until } from '../deadline.js';
import { type Program, startProgram } from '../end-to-end/program.js';
import { makeTempDir } from '../temp-dir.js';
import { makeFont } from './made-font.js';

const test = suite('worker/fonts');
const WAIT_MS = 20_000;
const LETTERS = 'Ag汉漢かカ한국عبאשकह';
const THAI = 'กข';
const EMOJI = '😀🎉';
const WARNING = 'no font for some scripts';
const folder = makeTempDir('fonts');

test.after(() => rmSync(folder, { recursive: true }));

/** Fontconfig's file for a machine that has these fonts, and no others. */
function machineWith(name: string, fonts: readonly Buffer[]): string {
  const place = join(folder, name);
  mkdirSync(place);
  for (const [i, font] of fonts.entries()) writeFileSync(join(place, `${i}.ttf`), font);
  const file = join(folder, `${name}.conf`);
  const folders = `<dir>${place}</dir><cachedir prefix="xdg">fontconfig</cachedir>`;
  const type = '<!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">';
  writeFileSync(file, `<?xml version="1.0"?>${type}<fontconfig>${folders}</fontconfig>`);
  return file;
}

/** Calls `use` with a server that sees those fonts only. */
async function onMachine(file: string, use: (program: Program) => Promise<void>): Promise<void> {
  const program = await startProgram({ settings: { WORKERS: '1', LOG_LEVEL: 'debug', FONTCONFIG_FILE: file } });
  try {
    await use(program);
  } finally {
    program.child.kill('SIGTERM');
  }
  assert.is(await deadline(program.exit, WAIT_MS, 'its end'), 0);
}

interface Notice {
  readonly level: number;
  readonly missing: readonly string[];
  readonly packages: readonly string[];
}

function noticesOf(program: Program): Notice[] {
  const lines = program.output().split('\n');
  return lines.filter((line) => line.includes(WARNING) && line.endsWith('}')).map((line) => JSON.parse(line));
}

async function noticeOf(program: Program): Promise<Notice> {
  return await until(() => noticesOf(program)[0], WAIT_MS, 'word of fonts');
}

test('where there is a font for each, nothing is warned of', () =>
  onMachine(machineWith('all', [makeFont({ black: LETTERS + THAI, red: EMOJI })]), async (program) => {
    await until(() => program.output().includes('there are fonts for all'), WAIT_MS, 'word of fonts');
    assert.equal(noticesOf(program), []);
  }));

test('fonts may be several; emoji without colour do not count', () =>
  onMachine(
    machineWith('most', [makeFont({ black: 'Ag', red: '' }), makeFont({ black: LETTERS + EMOJI, red: '' })]),
    async (program) => {
      const { level, missing, packages } = await noticeOf(program);
      assert.is(level, 40);
      assert.equal(missing, ['colour emoji', 'Thai']);
      assert.equal(packages, ['fonts-noto-color-emoji', 'fonts-noto-core']);
    },
  ));

test('a font that has a part of a script is none for it', () =>
  onMachine(machineWith('part', [makeFont({ black: 'Ag漢かカ', red: EMOJI })]), async (program) => {
    assert.equal((await noticeOf(program)).missing, ['Chinese', 'Korean', 'Arabic', 'Hebrew', 'Thai', 'Devanagari']);
  }));

test('without any font all are missing, and sessions are served all the same', () =>
  onMachine(machineWith('none', []), async (program) => {
    assert.equal((await noticeOf(program)).missing, [...FONT_SCRIPTS]);
    const headers = { 'content-type': 'text/html' };
    const page = await fetch(`${program.url}/content`, { method: 'POST', body: '<p>x</p>', headers });
    assert.equal([page.status, (await page.text()).includes('<p>x</p>')], [200, true]);
  }));

test.run();
