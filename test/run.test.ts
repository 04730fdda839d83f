/**
 * The runner on little test files, good and bad: all that uvu alone would let pass must fail here. Each is written into
 * a temporary folder and run in a process of its own, as real files are.
 */

import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { deadline, until } from './deadline.js';
import { conclude, findFiles, type Ran, runFiles } from './run.js';
import { runBodies, WAIT_MS } from './run-scene.js';

interface Case {
  /** Lines after the import of `suite`, with `test` as the suite. */
  readonly body: string;
  readonly passed: number;
  readonly failed: number;
  /** What the report must name. */
  readonly says: RegExp;
}

const GOOD = "test('adds', () => assert.is(1 + 1, 2)); test('waits', async () => { await null; }); test.run();";

const CASES: Record<string, Case> = {
  'passes a good file': { body: GOOD, passed: 2, failed: 0, says: /ok {6}case\.test\.mjs: 2 passed/ },
  'counts a failing assert and shows the difference': {
    body: "test('one', () => {}); test('two', () => assert.equal({ a: 1 }, { a: 2 })); test.run();",
    passed: 1,
    failed: 1,
    says: /FAILED case\.test\.mjs: case › two: .*equal/,
  },
  'counts a throwing before hook and the tests it kept from running': {
    body: "test.before(() => { throw new Error('no port'); }); test('one', () => {}); test.run();",
    passed: 0,
    failed: 2,
    says: /the before hook: no port[\s\S]*one: never ran/,
  },
  'counts a throwing after.each hook': {
    body: "test.after.each(() => { throw new Error('leak'); }); test('one', () => {}); test.run();",
    passed: 1,
    failed: 2,
    says: /the after each hook: leak/,
  },
  'counts a throwing after hook': {
    body: "test.after(() => { throw new Error('leak'); }); test('one', () => {}); test.run();",
    passed: 1,
    failed: 1,
    says: /the after hook: leak/,
  },
  'counts a thrown undefined, and goes on': {
    body: "test('one', () => { throw undefined; }); test('two', () => {}); test.run();",
    passed: 1,
    failed: 1,
    says: /one: threw undefined/,
  },
  'counts a suite that is never run beside one that is': {
    body: `${GOOD} const other = suite('other'); other('one', () => {});`,
    passed: 2,
    failed: 2,
    says: /other: the suite is never run/,
  },
  'counts a test added after run()': {
    body: `${GOOD} test('late', () => {});`,
    passed: 2,
    failed: 1,
    says: /late: never ran/,
  },
  'counts a suite without tests': { body: 'test.run();', passed: 0, failed: 1, says: /the suite has no tests/ },
  'counts a skipped test': {
    body: "test('one', () => {}); test.skip('two', () => {}); test.run();",
    passed: 1,
    failed: 1,
    says: /two: skipped/,
  },
  'counts only(), and what it hides': {
    body: "test('one', () => {}); test.only('two', () => {}); test.run();",
    passed: 1,
    failed: 2,
    says: /two: only\(\) hides the other tests[\s\S]*one: never ran/,
  },
  'counts an exit in the middle, and names the test': {
    body: "test('one', () => {}); test('two', () => process.exit(0)); test('three', () => {}); test.run();",
    passed: 1,
    failed: 1,
    says: /ended early with code \d \(last begun: case › two\)/,
  },
  'counts a test that waits for nothing': {
    body: "test('one', () => new Promise(() => {})); test.run();",
    passed: 0,
    failed: 1,
    says: /ended early with code \d+ \(last begun: case › one\)/,
  },
  'counts an unhandled rejection in the middle': {
    body: "test('one', () => { Promise.reject(new Error('lost')); return new Promise(() => {}); }); test.run();",
    passed: 0,
    failed: 1,
    says: /lost[\s\S]*FAILED case\.test\.mjs: ended early with code 1/,
  },
  'counts an unhandled rejection after the last test': {
    body: "test('one', () => { setTimeout(() => Promise.reject(new Error('lost')), 20); }); test.run();",
    passed: 1,
    failed: 1,
    says: /lost[\s\S]*ended with code 1 though all tests passed/,
  },
  'counts a handle left open, and names it': {
    body: "test('one', () => { setInterval(() => {}, 1000); }); test.run();",
    passed: 1,
    failed: 1,
    says: /still running 1200 ms after its tests, open: .*Timeout/,
  },
  'counts a file that throws at import': {
    body: "throw new Error('broken');",
    passed: 0,
    failed: 1,
    says: /broken[\s\S]*ended early with code 1 \(before its first test\)/,
  },
};

const OTHERS: Readonly<Record<string, string>> = { a: 'b', b: 'a', c: 'd', d: 'c' };
/** Of a file that ends well. */
const GOOD_COUNT = 2;
const NEEDS = JSON.stringify(new URL('./faults/needs.js', import.meta.url).href);
const LEFT_OUT = `const { needs } = await import(${NEEDS});
  test.before(() => { throw new Error('nothing to prepare'); });
  needs(test, { tools: ['no-such-tool'] })('three', () => {});`;

const test = suite<{ folder: string }>('run');

test.before((context) => {
  context.folder = mkdtempSync(join(tmpdir(), 'run-test-'));
});

test.after(({ folder }) => rmSync(folder, { recursive: true, force: true }));

for (const [name, { body, passed, failed, says }] of Object.entries(CASES)) {
  test(name, async ({ folder }) => {
    const ran = await runBodies(folder, [body]);
    assert.equal({ passed: ran.passed, failed: ran.failed }, { passed, failed }, ran.text);
    assert.match(ran.text, says);
  });
}

test('counts a file that is not there, and no files at all', async ({ folder }) => {
  const write = (): void => {};
  const nothing = { passed: 0, failed: 1, leftOut: 0 };
  assert.equal(await runFiles({ files: [join(folder, 'none.mjs')], cwd: folder, write }), nothing);
  assert.equal(await runFiles({ files: [], cwd: folder, write }), nothing);
});

test('ends a file at its bound together with its children, and does not start the next', async ({ folder }) => {
  const pidFile = join(folder, 'pid');
  const sleeper = `spawn('sleep', ['60'], { detached: true, stdio: 'inherit' }).pid`;
  const body = `const { spawn } = await import('node:child_process'); const { writeFileSync } = await import('node:fs');
    test('one', () => { writeFileSync(${JSON.stringify(pidFile)}, String(${sleeper})); for (;;); }); test.run();`;
  const ran = await runBodies(folder, [body, body], { totalTimeoutMs: 6_000, filesAtOnce: 1 });
  assert.equal({ passed: ran.passed, failed: ran.failed }, { passed: 0, failed: 2 }, ran.text);
  assert.match(ran.text, /no end within \d+ ms \(last begun: case › one\)[\s\S]*not started, 6000 ms are over/);
  const pid = Number(readFileSync(pidFile, 'utf8'));
  assert.ok(pid > 0);
  await until(() => isGone(pid), WAIT_MS, 'the end of the grandchild');
});

test('two files run at the same time: each waits for the other', async ({ folder }) => {
  const ran = await runBodies(
    folder,
    ['a', 'b'].map((name) => meeting(folder, name)),
  );
  assert.equal(countsOf(ran), { passed: 2, failed: 0 }, ran.text);
  const alone = await runBodies(
    folder,
    ['c', 'd'].map((name) => meeting(folder, name, 300)),
    { filesAtOnce: 1 },
  );
  assert.is(alone.failed, 1, 'the first waits in vain, the second finds what the first has left');
});

test('no more files than that run at the same time, and what failed is told in order', async ({ folder }) => {
  const path = JSON.stringify(join(folder, 'running'));
  // The first file ends once the third has begun, which is when the second has ended. No load can change that order.
  const bodies = [0, 1, 2, 3, 4].map(
    (index) => `const { appendFileSync, readFileSync } = await import('node:fs');
    test('one', async () => { appendFileSync(${path}, '+');
      const pause = () => new Promise((resolve) => setTimeout(resolve, 300));
      do await pause(); while (${index} === 0 && readFileSync(${path}, 'utf8').split('+').length <= 3);
      appendFileSync(${path}, '-'); assert.is(1, 2); }); test.run();`,
  );
  const ran = await runBodies(folder, bodies);
  assert.equal(countsOf(ran), { passed: 0, failed: 5 }, ran.text);
  const marks = readFileSync(join(folder, 'running'), 'utf8');
  const counts = [...marks].map((_, index) => marks.slice(0, index + 1).split('+').length * 2 - index - 3);
  assert.is(Math.max(...counts), 2, marks);
  const names = (pattern: RegExp) => [...ran.text.matchAll(pattern)].map(([, name]) => name);
  assert.match(names(/^not ok {2}(\S+):/gm).join(), /^case-1.test.mjs,/, 'told when it has ended');
  assert.equal(
    names(/^FAILED (\S+):/gm),
    ['case', 'case-1', 'case-2', 'case-3', 'case-4'].map((name) => `${name}.test.mjs`),
  );
});

test('an abort ends every file that runs, and no other is begun', async ({ folder }) => {
  const stop = new AbortController();
  const pidFiles = ['e', 'f'].map((name) => join(folder, name));
  const hanging = pidFiles.map(
    (path) => `const { writeFileSync } = await import('node:fs');
    test('one', () => { writeFileSync(${JSON.stringify(path)}, String(process.pid)); for (;;); }); test.run();`,
  );
  const running = runBodies(folder, [...hanging, GOOD], { signal: stop.signal });
  const pids = (): number[] => pidFiles.map((path) => (existsSync(path) ? Number(readFileSync(path, 'utf8')) : 0));
  await until(() => pids().every((pid) => pid > 0), WAIT_MS, 'both to run');
  stop.abort();
  const ran = await deadline(running, WAIT_MS, 'the end');
  assert.equal(countsOf(ran), { passed: 0, failed: 3 }, ran.text);
  for (const name of ['case', 'case-1']) {
    assert.match(ran.text, `FAILED ${name}.test.mjs: stopped (last begun: ${name} › one)`);
  }
  assert.match(ran.text, 'FAILED case-2.test.mjs: not started, stopped');
  for (const pid of pids()) await until(() => isGone(pid), WAIT_MS, 'the end of the process');
});

test('names what was left out, and counts it as nothing', async ({ folder }) => {
  const ran = await runBodies(folder, [GOOD + LEFT_OUT.replace(/test\.before.*\n/, ''), `${LEFT_OUT} test.run();`]);
  assert.equal(ran, { passed: GOOD_COUNT, failed: 0, leftOut: 2, text: ran.text }, ran.text);
  assert.match(ran.text, /ok {6}case-1\.test\.mjs: 0 passed, 1 left out/);
  for (const name of ['case', 'case-1']) assert.match(ran.text, `LEFT OUT ${name} › three: needs no-such-tool\n`);
  const unrun = await runBodies(folder, [LEFT_OUT]);
  assert.equal({ ...countsOf(unrun), leftOut: unrun.leftOut }, { passed: 0, failed: 1, leftOut: 1 });
  assert.match(unrun.text, 'the suite is never run');
});

test('ends well only when something passed and nothing failed', () => {
  const ends = (passed: number, failed: number, leftOut: number) => conclude({ passed, failed, leftOut });
  assert.equal(ends(3, 0, 0), { text: '3 passed, 0 failed\n', exitCode: 0 });
  assert.equal(ends(3, 0, 2), { text: '3 passed, 0 failed\n', exitCode: 0 });
  assert.equal(ends(3, 1, 0), { text: '3 passed, 1 failed\n', exitCode: 1 });
  assert.equal(ends(0, 1, 2), { text: '0 passed, 1 failed\n', exitCode: 1 });
  assert.equal(ends(0, 0, 2), { text: 'nothing ran: every test was left out\n0 passed, 0 failed\n', exitCode: 1 });
});

test('finds the compiled file of each source, by any part of its path', ({ folder }) => {
  const sources = join(folder, 'sources');
  mkdirSync(join(sources, 'metrics'), { recursive: true });
  mkdirSync(join(sources, 'end-to-end'));
  const paths = ['a.test.ts', 'a.ts', 'b.faults.ts', join('end-to-end', 'z.test.ts'), join('metrics', 'fold.test.ts')];
  for (const path of paths) writeFileSync(join(sources, path), '');
  const find = (...patterns: string[]) => findFiles(sources, '/out', patterns);
  const all = ['/out/end-to-end/z.test.js', '/out/a.test.js', '/out/metrics/fold.test.js'];
  assert.equal(find(), { files: all, unmatched: [] }, 'the longest first');
  assert.equal(find('metrics/'), { files: ['/out/metrics/fold.test.js'], unmatched: [] });
  assert.equal(find('test/a', 'nothing'), { files: ['/out/a.test.js'], unmatched: ['nothing'] });
  assert.equal(findFiles(sources, '/out', [], '.faults.ts'), { files: ['/out/b.faults.js'], unmatched: [] });
});

test.run();

function countsOf({ passed, failed }: Ran): object {
  return { passed, failed };
}

/** The body of a file whose test leaves a sign and waits for the other file's sign. */
function meeting(folder: string, name: string, ms = WAIT_MS / 2): string {
  return `const { existsSync, writeFileSync } = await import('node:fs');
    const path = (name) => ${JSON.stringify(folder)} + '/sign-' + name;
    test('one', async () => { writeFileSync(path('${name}'), ''); const endMs = Date.now() + ${ms};
      while (!existsSync(path('${OTHERS[name]}'))) { assert.ok(Date.now() < endMs, 'the other does not come');
        await new Promise((resolve) => setTimeout(resolve, 10)); } }); test.run();`;
}

/** A killed orphan may stay a zombie until something reaps it. That counts as gone too. */
function isGone(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
  } catch {
    return true;
  }
}
