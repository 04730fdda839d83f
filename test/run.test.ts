/**
 * The runner on little test files, good and bad: nothing that uvu alone would let pass may pass here. Each is written
 * into a temporary folder and run in a process of its own, as real files are.
 */

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { until } from './deadline.js';
import { findFiles, runFiles } from './run.js';

interface Case {
  /** Lines after the import of `suite`, with `test` as the suite. */
  readonly body: string;
  readonly passed: number;
  readonly failed: number;
  /** What the report must name. */
  readonly says: RegExp;
}

const WAIT_MS = 10_000;
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

const test = suite<{ folder: string }>('run');

test.before((context) => {
  context.folder = mkdtempSync(join(tmpdir(), 'run-test-'));
});

test.after(({ folder }) => rmSync(folder, { recursive: true, force: true }));

for (const [name, { body, passed, failed, says }] of Object.entries(CASES)) {
  test(name, async ({ folder }) => {
    const ran = await run(folder, body);
    assert.equal({ passed: ran.passed, failed: ran.failed }, { passed, failed }, ran.text);
    assert.match(ran.text, says);
  });
}

test('counts a file that is not there, and no files at all', async ({ folder }) => {
  const write = (): void => {};
  assert.equal(await runFiles({ files: [join(folder, 'none.mjs')], cwd: folder, write }), { passed: 0, failed: 1 });
  assert.equal(await runFiles({ files: [], cwd: folder, write }), { passed: 0, failed: 1 });
});

test('ends a file at its bound together with its children, and does not start the next', async ({ folder }) => {
  const pidFile = join(folder, 'pid');
  const sleeper = `spawn('sleep', ['60'], { detached: true, stdio: 'inherit' }).pid`;
  const body = `const { spawn } = await import('node:child_process'); const { writeFileSync } = await import('node:fs');
    test('one', () => { writeFileSync(${JSON.stringify(pidFile)}, String(${sleeper})); for (;;); }); test.run();`;
  const ran = await run(folder, body, { totalTimeoutMs: 1500, twice: true });
  assert.equal({ passed: ran.passed, failed: ran.failed }, { passed: 0, failed: 2 }, ran.text);
  assert.match(ran.text, /no end within \d+ ms \(last begun: case › one\)[\s\S]*not started, 1500 ms are over/);
  const pid = Number(readFileSync(pidFile, 'utf8'));
  assert.ok(pid > 0);
  await until(() => isGone(pid), WAIT_MS, 'the end of the grandchild');
});

test('finds the compiled file of each source, by any part of its path', ({ folder }) => {
  const sources = join(folder, 'sources');
  mkdirSync(join(sources, 'metrics'), { recursive: true });
  for (const path of ['a.test.ts', 'a.ts', join('metrics', 'fold.test.ts')]) writeFileSync(join(sources, path), '');
  const find = (...patterns: string[]) => findFiles(sources, '/out', patterns);
  assert.equal(find(), { files: ['/out/a.test.js', '/out/metrics/fold.test.js'], unmatched: [] });
  assert.equal(find('metrics/'), { files: ['/out/metrics/fold.test.js'], unmatched: [] });
  assert.equal(find('test/a', 'nothing'), { files: ['/out/a.test.js'], unmatched: ['nothing'] });
});

test.run();

async function run(folder: string, body: string, options: { totalTimeoutMs?: number; twice?: boolean } = {}) {
  const file = join(folder, 'case.test.mjs');
  const imports = ['uvu', 'uvu/assert'].map((name) => JSON.stringify(import.meta.resolve(name)));
  const head = `import { suite } from ${imports[0]}; import * as assert from ${imports[1]}; void assert;`;
  writeFileSync(file, `${head}\nconst test = suite('case');\n${body}\n`);
  let text = '';
  const ran = await runFiles({
    files: options.twice ? [file, file] : [file],
    cwd: folder,
    fileTimeoutMs: WAIT_MS,
    totalTimeoutMs: options.totalTimeoutMs ?? 2 * WAIT_MS,
    closeTimeoutMs: 1200,
    write: (more) => {
      text += more;
    },
  });
  return { ...ran, text };
}

/** A killed orphan may stay a zombie until something reaps it: that is gone too. */
function isGone(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
  } catch {
    return true;
  }
}
