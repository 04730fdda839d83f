/**
 * The rules of STYLE.md and the map of rooms, held against every source file. Each rule is tried on a bad sample first:
 * a check that cannot fail is worth nothing.
 */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { cycles, DOORS, ROOMS, staleEdges, wrongDoors, wrongEdges } from './layout/rooms.js';
import * as rules from './layout/rules.js';
import { blank, importsOf, type Source } from './layout/source.js';

type Rule = (sources: readonly Source[]) => string[];

interface Trial {
  readonly rule: Rule;
  /** Each breaks the rule in one place. */
  readonly bad: Readonly<Record<string, string>>;
  /** Together they keep it. */
  readonly good: Readonly<Record<string, string>>;
}

const SOURCES = readSources(['src', 'test', 'bench']);
const OPENING = '/** What it is. */\n';
const BODY = 'call();\n'.repeat(69);
/** Two functions of 49 lines each. */
const FACTORY = `  const inner = () => {\n${'    call();\n'.repeat(47)}  };\n`.repeat(2);
const TRIAL_ROOMS = { pool: ['failures', 'type:clock', 'metrics/lane'], failures: [], clock: [], metrics: [] };
const TRIAL_DOORS = [{ package: 'polka', in: ['src/http/'], typesIn: ['src/server.ts'], isOneFile: true }];

const TRIALS: Readonly<Record<string, Trial>> = {
  'rooms import only what the table allows': {
    rule: (sources) => wrongEdges(sources, TRIAL_ROOMS),
    bad: {
      'src/pool/a.ts': "import { fold } from '../metrics/fold.js';",
      'src/pool/b.ts': "import { systemClock } from '../clock.js';",
      'src/pool/c.ts': "const metrics = await import('../metrics/fold.js');",
      'src/pool/d.ts': "import {\n  run,\n} from '../../test/run.js';",
      'src/clock.ts': "export type { Code } from './failures.js';",
      'src/cellar/a.ts': "import '../clock.js';",
    },
    good: {
      'src/pool/a.ts': "import type { Clock } from '../clock.js';\nimport { type Clock } from '../clock.js';",
      'src/pool/b.ts': "import { FAILURES } from '../failures.js';\nimport { Lane } from '../metrics/lane.js';",
      'src/pool/c.ts': "import { a } from './a.js';\nimport { x } from 'polka';",
      'test/pool/a.test.ts': "import { fold } from '../../src/metrics/fold.js';",
    },
  },
  'no row of the table is stale': {
    rule: (sources) => staleEdges(sources, { pool: ['failures', 'type:clock', 'metrics/lane'] }),
    bad: {
      'src/pool/a.ts': 'export {};',
    },
    good: {
      'src/pool/a.ts': "import { FAILURES } from '../failures.js';\nimport type { Clock } from '../clock.js';",
      'src/pool/b.ts': "export { Lane } from '../metrics/lane.js';",
    },
  },
  'each package has one door': {
    rule: (sources) => wrongDoors(sources, TRIAL_DOORS),
    bad: {
      'src/server.ts': "import polka from 'polka';",
      'src/pool/a.ts': "import type { Polka } from 'polka';",
      'src/http/b.ts': "import { x } from 'left-pad';",
    },
    good: {
      'src/http/a.ts': "import polka from 'polka';\nimport { x } from 'node:http';",
      'src/server.ts': "import type { Polka } from 'polka';",
      'test/a.ts': "import { x } from 'left-pad';",
    },
  },
  'no imports in circles': {
    rule: cycles,
    bad: { 'src/pool/a.ts': "import { a } from './a.js';" },
    good: { 'src/pool/a.ts': "import { b } from './b.js';", 'src/pool/b.ts': "import { c } from './c.js';" },
  },
  'lines are at most 120 columns': {
    rule: rules.longLines,
    bad: { 'src/a.ts': 'x'.repeat(121) },
    good: { 'src/a.ts': `${'x'.repeat(120)}\n${'x'.repeat(120)}` },
  },
  'files are at most 300 lines': {
    rule: rules.longFiles,
    bad: { 'src/a.ts': 'x\n'.repeat(301) },
    good: { 'src/a.ts': 'x\n'.repeat(300) },
  },
  'functions are at most 70 lines, and 100 with those within them': {
    rule: rules.longFunctions,
    bad: {
      'src/a.ts': `function a(): void {\n${BODY}}`,
      'src/b.ts': `const a = async () => {\n${BODY}};`,
      'src/c.ts': `class A {\n  private async run<T>(a: T): Promise<void> {\n${BODY}  }\n}`,
      'src/d.ts': `function a(\n  b: string,\n): void {\n${BODY}}`,
      'src/e.ts': `function a({\n  b,\n}: { b: string }): void {\n${BODY}}`,
      'src/f.ts': `test('}', () => {\n${BODY}});`,
      'src/g.ts': `function make() {\n${FACTORY}  call();\n}`,
    },
    good: {
      'src/a.ts': `function a(): void {\n${BODY.replace('call();\n', '')}}\n${BODY}`,
      'src/b.ts': `const table = {\n${BODY}${BODY}};`,
      'src/c.ts': `function make() {\n  const inner = () => {\n${BODY.replace('call();\n', '')}  };\n  call();\n}`,
      'src/d.ts': `function make() {\n${FACTORY}}`,
    },
  },
  'nothing escapes the type checker': {
    rule: rules.escapes,
    bad: {
      'src/a.ts': 'const a = b as any;',
      'src/b.ts': 'function a(b: any): void {}',
      'src/c.ts': '// @ts-'.concat('ignore'),
      'src/d.ts': '// @ts-'.concat('expect-error because'),
      'src/e.ts': '// TO'.concat('DO: later'),
    },
    good: {
      'src/a.ts': "// any word\nconst a = 'any'; AbortSignal.any([]); const many = 1; // TO".concat('DO(#12): x'),
    },
  },
  'the environment and the exit belong to main.ts': {
    rule: rules.processEdges,
    bad: {
      'src/a.ts': "const a = process.env['PORT'];",
      'src/server.ts': 'process.exit(1);',
      'src/b.ts': 'process.exitCode = 1;',
    },
    good: { 'src/main.ts': 'process.exit(1);', 'src/a.ts': "// process.env\nconst a = 'process.exit';" },
  },
  'exports are named': {
    rule: rules.defaultExports,
    bad: { 'src/a.ts': 'export default run;', 'src/b.ts': 'export { run as default };' },
    good: { 'src/worker/entry.ts': 'export default run;', 'src/a.ts': 'export { run };' },
  },
  'no state at the top of a module': {
    rule: rules.moduleState,
    bad: { 'src/a.ts': 'let count = 0;', 'src/b.ts': 'export let count = 0;' },
    good: { 'src/a.ts': 'const a = () => {\n  let count = 0;\n};', 'test/a.ts': 'let count = 0;' },
  },
  'files of src open with a comment': {
    rule: rules.missingOpenings,
    bad: { 'src/a.ts': 'const a = 1;', 'src/main.ts': '#!/usr/bin/env node\nrun();' },
    good: { 'src/a.ts': OPENING, 'src/main.ts': `#!/usr/bin/env node\n${OPENING}`, 'test/a.ts': 'run();' },
  },
  'names say something, in kebab-case': {
    rule: rules.badNames,
    bad: {
      'src/utils.ts': '',
      'src/common/a.ts': '',
      'test/helpers.test.ts': '',
      'src/pool/index.ts': '',
      'src/pool/LoadBalancer.ts': '',
      'src/pool/load_balancer.ts': '',
      'test/pool/pool.fault.ts': '',
    },
    good: {
      'src/pool/load-balancer.ts': '',
      'src/http/polka.d.ts': '',
      'test/pool/load-balancer.test.ts': '',
      'test/faults/out-of-memory.faults.ts': '',
      'bench/fold.bench.ts': '',
    },
  },
  'kinds of jobs are named in their tables and their own files only': {
    rule: rules.kindNames,
    bad: {
      'src/worker/a.ts': "if (job.kind === 'test') run();",
      'src/http/a.ts': 'const paths = [`/screenshot`];',
      'src/worker/jobs/pdf.ts': "const other = 'content';",
    },
    good: {
      'src/worker/jobs/pdf.ts': "const own = 'pdf';",
      'src/protocol/jobs/jobs.ts': "const ALL = ['screenshot', 'pdf', 'content'];",
      'src/page/a.ts': "fetch('/pdf');",
      'src/http/a.ts': "const { content } = tag; // 'content'\nimport './jobs/pdf.js';\nconst path = '/test';",
    },
  },
  'each file of src is in a room': {
    rule: (sources) => rules.wrongPlaces(sources, TRIAL_ROOMS),
    bad: { 'src/cellar/a.ts': '', 'src/attic.ts': '', 'src/pool/inner/a.ts': '' },
    good: { 'src/pool/a.ts': '', 'src/clock.ts': '', 'src/metrics/views/a.ts': '', 'test/any/where/a.ts': '' },
  },
  'no promise is raced with what outlives it': {
    rule: rules.races,
    bad: {
      'src/pool/a.ts': 'await Promise.race([work, lost]);',
      'src/worker/b.ts': 'const first = Promise\n  .all([]);\nconst any = Promise . any(promises);',
    },
    good: {
      'src/wait.ts': 'Promise.race([]);',
      'src/pool/a.ts': "// Promise.race\nsay('Promise.race');",
      'test/a.ts': 'Promise.race([]);',
    },
  },
  'every test runs': {
    rule: rules.idleTests,
    bad: {
      'test/a.test.ts': "const test = suite('a');\ntest.only('a', run);\ntest.run();",
      'test/b.test.ts': "const test = suite('b');\ntest.skip('b', run);\ntest.run();",
      'test/c.test.ts': "const test = suite('c');\ntest('c', run);",
      'test/d.test.ts': "const test = suite('d');\nconst other = suite<Context>('e');\ntest.run();",
      'test/e.test.ts': 'export {};',
      'test/f.prometheus.ts': "const test = suite('f');\ntest('f', run);",
      'test/g.faults.ts': "const test = suite('g');\ntest('g', run);",
    },
    good: {
      'test/a.test.ts': "const test = suite<{\n  a: string;\n}>('.only(');\ntest.run();",
      'test/b.ts': 'a.skip();',
    },
  },
};

// The trials above use small tables; the real tables are checked with the real sources.
const REAL: Readonly<Record<string, Rule>> = {
  'rooms import only what the table allows': (sources) => wrongEdges(sources, ROOMS),
  'no row of the table is stale': (sources) => staleEdges(sources, ROOMS),
  'each package has one door': (sources) => wrongDoors(sources, DOORS),
  'each file of src is in a room': (sources) => rules.wrongPlaces(sources, ROOMS),
};

const test = suite('layout');

test('finds the sources', () => {
  const paths = SOURCES.map(({ path }) => path);
  for (const path of ['src/clock.ts', 'test/layout.test.ts']) assert.ok(paths.includes(path), `${path} is not found`);
});

for (const [name, { rule, bad, good }] of Object.entries(TRIALS)) {
  test(`${name}: the check itself`, () => {
    // The rooms that stale rows name must exist.
    const rooms = ['failures', 'clock', 'metrics/lane'].map((path) => ({ path: `src/${path}.ts`, text: OPENING }));
    for (const [path, text] of Object.entries(bad)) {
      const places = rule([...rooms.filter((room) => room.path !== path), { path, text }]);
      assert.ok(places.length > 0, `${path} passes`);
      assert.is.not(places.join('\n').trim(), '');
    }
    const sources = Object.entries(good).map(([path, text]) => ({ path, text }));
    assert.equal(rule([...rooms.filter(({ path }) => !(path in good)), ...sources]), []);
  });

  test(name, () => {
    const places = (REAL[name] ?? rule)(SOURCES);
    if (places.length > 0) throw new Error(`\n      ${places.join('\n      ')}`);
  });
}

test('one package by two files, and a longer circle, are found too', () => {
  const polka = "import polka from 'polka';";
  const two = ['src/http/a.ts', 'src/http/b.ts'].map((path) => ({ path, text: polka }));
  assert.equal(wrongDoors(two, TRIAL_DOORS), ['polka has doors src/http/a.ts, src/http/b.ts']);
  const circle = ['b', 'c', 'a'].map((to, index) => ({ path: `src/${'abc'[index]}.ts`, text: `import './${to}.js';` }));
  assert.equal(cycles(circle), ['src/a.ts → src/b.ts → src/c.ts → src/a.ts']);
});

test('the lock file names no registry', () => {
  assert.is(rules.registryAddresses('  "resolved": "https://registry.example/a.tgz",').length, 1);
  assert.equal(rules.registryAddresses(readFileSync('package-lock.json', 'utf8')), []);
});

test('comments and the insides of strings are blanked, and nothing else', () => {
  const pairs = [
    ['a /* b */ c // d', 'a         c     '],
    ["x('it\\'s', \"a\")", 'x(\'     \', " ")'],
    ['`a$'.concat('{b + `c$', '{d}` + {}}e` + f'), '`  {b + `  {d}` + {}} ` + f'],
    ['a = /[/"\']\\/{/g.test(b) / c', 'a = /        /g.test(b) / c'],
  ] as const;
  for (const [text, expected] of pairs) assert.is(blank(text), expected);
});

test('imports are read in every form', () => {
  const text =
    "import a, { type B } from 'a';\nimport type C from 'b';\nimport {\n  type D,\n  type E,\n} from 'c';\n" +
    "import 'd';\nexport * from 'e';\nexport type { F } from 'f';\nvoid import('g');\n// import 'h';\n" +
    "const x = `\nimport 'i';\nimport('j')`;\nexport const y = Array.from('k');\nimport type from 'l';\n";
  const found = importsOf(text).map(({ specifier, isType }) => `${specifier}${isType ? ' type' : ''}`);
  assert.equal(found, ['a', 'b type', 'c type', 'd', 'e', 'f type', 'l', 'g']);
});

test.run();

function readSources(folders: readonly string[]): Source[] {
  return folders
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((path) => join(folder, path)))
    .filter((path) => path.endsWith('.ts'))
    .sort()
    .map((path) => ({ path: path.replaceAll('\\', '/'), text: readFileSync(path, 'utf8') }));
}
