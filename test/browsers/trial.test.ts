/**
 * Which cage is chosen, by what a Chromium does in each. Scripts stand for it: they answer, end, or say nothing, over
 * real pipes.
 */

import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Cage, cagesFor } from '../../src/browsers/cage.js';
import { spawnBrowser } from '../../src/browsers/spawn.js';
import { type Found, findCage } from '../../src/browsers/trial.js';
import { systemClock } from '../../src/clock.js';
import { createOnce } from '../../src/wait.js';
import { deadline, until } from '../deadline.js';

const WAIT_MS = 10_000;
const SOON_MS = 2_000;
const MEANS = { isInSession: true, isBatch: true };
const IN = { uid: null, isSandboxed: true, ...MEANS };
const OUT = { uid: null, isSandboxed: false, ...MEANS };
const ANSWER = `head -c 1 <&3 >&2; printf '{"id":1,"result":{}}\\0' >&4; sleep 60`;
const REFUSE = 'echo No usable sandbox >&2; exit 1';
const HANG = 'sleep 60';

const test = suite<{ tempDir: string; path: string }>('browsers/trial');

test.before.each((context) => {
  context.tempDir = mkdtempSync(join(tmpdir(), 'headcount-test-trial-'));
  context.path = join(context.tempDir, 'chromium');
});
test.after.each(({ tempDir }) => rmSync(tempDir, { recursive: true }));

interface Scene {
  readonly tempDir: string;
  readonly path: string;
}

function find({ tempDir, path }: Scene, [inside, outside]: [string, string], limitMs = WAIT_MS, stop = createOnce()) {
  const text = `#!/bin/sh\ncase "$*" in *--no-sandbox*) ${outside};; *) ${inside};; esac\n`;
  writeFileSync(path, text, { mode: 0o755 });
  const spawn = (cage: Cage) =>
    spawnBrowser({
      chromium: { path, version: '1.2.3.4', origin: 'setting', env: {} },
      cage,
      tempDir,
      environment: { PATH: process.env['PATH'] ?? '' },
      deadEndPort: 9,
      authorities: null,
      isOutOfMemory: () => false,
    });
  return findCage({ cages: [IN, OUT], spawn, limitMs, clock: systemClock, stop });
}

/** Nothing of a trial is left but the script. */
async function outcome(scene: Scene, finding: Promise<Found>): Promise<Found | string> {
  const found = await deadline(
    finding.catch((error: Error) => error.message),
    WAIT_MS,
    'the outcome',
  );
  assert.equal(readdirSync(scene.tempDir).sort(), ['chromium']);
  return found;
}

test('the best that answers, and what kept those before it', async (scene) => {
  assert.equal(await outcome(scene, find(scene, [ANSWER, ANSWER])), { cage: IN, complaints: [] });
  assert.equal(await outcome(scene, find(scene, [REFUSE, ANSWER])), {
    cage: OUT,
    complaints: [{ cage: IN, message: 'exit code 1: No usable sandbox' }],
  });
});

test('one that says nothing is not waited for without end', async (scene) => {
  assert.equal(await outcome(scene, find(scene, [HANG, ANSWER], SOON_MS)), {
    cage: OUT,
    complaints: [{ cage: IN, message: `no answer within ${SOON_MS} ms` }],
  });
});

test('a sandbox that failed once for another reason is not given up', async (scene) => {
  const once = `test -e ${scene.path}-tried && { rm ${scene.path}-tried; ${ANSWER}; }; : > ${scene.path}-tried; exit 1`;
  assert.equal(await outcome(scene, find(scene, [once, ANSWER])), { cage: IN, complaints: [] });
});

test('when none works it says so, and leaves nothing', async (scene) => {
  assert.is(await outcome(scene, find(scene, [REFUSE, 'exit 3'])), 'exit code 3');
});

test('it can be stopped in the midst of it', async (scene) => {
  const stop = createOnce();
  const finding = find(scene, [`: > ${scene.path}-begun; ${HANG}`, HANG], WAIT_MS, stop);
  await until(() => existsSync(`${scene.path}-begun`), WAIT_MS, 'a start');
  rmSync(`${scene.path}-begun`);
  stop.happen();
  assert.is(await outcome(scene, finding), 'stopped');
});

test('as root another user that has no name, else none; as any other its own', () => {
  const passwd = ['root:x:0:0:root:/root:/bin/sh', 'nobody:x:65534:65534::/:/bin/false', ''].join('\n');
  const unnamed = { uid: 65_533, ...MEANS };
  assert.equal(cagesFor(0, [passwd], MEANS), [
    { ...unnamed, isSandboxed: true },
    { ...unnamed, isSandboxed: false },
    OUT,
  ]);
  assert.is(cagesFor(0, ['a:x:65533:1::/:', 'b:x:65532:'], MEANS)[0]?.uid, 65_531);
  const all = Array.from({ length: 65_536 }, (_, uid) => `u${uid}:x:${uid}:1::/:`).join('\n');
  assert.equal(cagesFor(0, [all], MEANS), [OUT]);
  assert.equal(cagesFor(1000, [passwd], MEANS), [IN, OUT]);
});

test.run();
