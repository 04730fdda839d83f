/**
 * A file system that refuses. The server serves from memory, says so once, counts each failure, and writes all that it
 * holds when it can again.
 */

import * as fs from 'node:fs/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Files } from '../../src/store/files.js';
import { type Folder, makeFolder, startLife } from './life.js';

const CREATE_AGAIN_MS = 10_000;

/** What is refused, and how. A write in the middle first stops short, as on a real disk that fills up. */
interface Trouble {
  code: string | null;
  readonly on: readonly ('open' | 'write' | 'sync' | 'lock')[];
  refused: number;
}

const test = suite<{ folder: Folder }>('store, faults of the file system');

test.before.each((context) => {
  context.folder = makeFolder('faults');
});
test.after.each(({ folder }) => folder.remove());

function troubledFiles(trouble: Trouble): Files {
  const refuse = (what: Trouble['on'][number]): void => {
    if (trouble.code === null || !trouble.on.includes(what)) return;
    trouble.refused++;
    throw Object.assign(new Error(`${trouble.code}: refused by the test`), { code: trouble.code });
  };
  return {
    ...fs,
    async readdir(path) {
      refuse('lock');
      return await fs.readdir(path);
    },
    async open(path, flags, mode) {
      if (flags !== 'r') refuse('open');
      const handle = await fs.open(path, flags, mode);
      const write = handle.write.bind(handle);
      const { sync, datasync } = { sync: handle.sync.bind(handle), datasync: handle.datasync.bind(handle) };
      return Object.assign(handle, {
        async write(bytes: Buffer, offset: number, length: number, position: number) {
          const isShort = length > 1024 && offset === 0;
          if (!isShort) refuse('write');
          return await write(bytes, offset, isShort ? 512 : length, position);
        },
        async sync() {
          refuse('sync');
          await sync();
        },
        async datasync() {
          refuse('sync');
          await datasync();
        },
      });
    },
  };
}

const CASES: readonly { readonly code: string; readonly reason: string }[] = [
  { code: 'ENOSPC', reason: 'no_space' },
  { code: 'EDQUOT', reason: 'no_space' },
  { code: 'EROFS', reason: 'read_only' },
  { code: 'EACCES', reason: 'read_only' },
  { code: 'EIO', reason: 'io' },
  { code: 'EMFILE', reason: 'other' },
];

for (const { code, reason } of CASES) {
  test(`${code} while it runs: counted as ${reason}, logged once, made up for`, async ({ folder }) => {
    const path = folder.of('headcount.ring');
    const trouble: Trouble = { code: null, on: ['open', 'write', 'sync'], refused: 0 };
    const life = await startLife({ path, periods: 6, files: troubledFiles(trouble) });
    life.session(1);
    await life.history.flush();
    assert.equal(life.failures, []);
    trouble.code = code;
    for (let i = 2; i <= 4; i++) {
      life.session(i);
      await life.history.flush();
      life.nextPeriod();
      await life.history.flush();
    }
    assert.equal(life.failures, Array(6).fill(reason));
    const flushCount = life.flushesMs.length;
    assert.is(life.history.restored, null);
    assert.is(life.logs.filter((line) => line.startsWith('error')).length, 1);
    trouble.code = null;
    await life.history.flush();
    assert.is(life.flushesMs.length, flushCount + 1);
    assert.match(life.logs.at(-1) ?? '', /written .* again/);
    const before = life.rows();
    await life.history.close();
    const again = await startLife({ path, periods: 6, clock: life.clock });
    assert.equal(again.rows(), before);
    await again.history.close();
  });

  test(`${code} from the start: served from memory, created when it can be`, async ({ folder }) => {
    const path = folder.of('headcount.ring');
    const trouble: Trouble = { code, on: ['open', 'write'], refused: 0 };
    const life = await startLife({ path, files: troubledFiles(trouble) });
    life.session(1);
    await life.history.flush();
    const refused = trouble.refused;
    assert.ok(refused > 0);
    await life.history.flush();
    assert.is(trouble.refused, refused, 'a whole file is not tried at every flush');
    life.nextPeriod();
    life.session(2);
    trouble.code = null;
    life.clock.pass(CREATE_AGAIN_MS);
    await life.history.flush();
    assert.equal(await fs.readdir(folder.path).then((names) => names.filter((name) => !name.includes('lock'))), [
      'headcount.ring',
    ]);
    const before = life.rows();
    await life.history.close();
    const again = await startLife({ path, clock: life.clock });
    assert.equal(again.rows(), before);
    await again.history.close();
  });
}

test('a disk that is full just when a damaged file would be replaced: nothing is lost', async ({ folder }) => {
  const path = folder.of('headcount.ring');
  const first = await startLife({ path });
  first.session(1);
  first.nextPeriod();
  first.session(2);
  await first.history.close();
  await fs.appendFile(path, 'tail');
  const trouble: Trouble = { code: 'ENOSPC', on: ['write'], refused: 0 };
  const second = await startLife({ path, clock: first.clock, files: troubledFiles(trouble) });
  assert.is(second.history.restored?.rows.length, 2);
  second.session(3);
  await second.history.flush();
  assert.equal(second.failures, ['no_space']);
  trouble.code = null;
  second.clock.pass(CREATE_AGAIN_MS);
  await second.history.flush();
  assert.match(second.logs.join('\n'), /is now .*\.bad-1/);
  await second.history.close();
  const third = await startLife({ path, clock: first.clock });
  assert.equal(
    third.rows().map(({ sessionTimes }) => sessionTimes),
    [[1], [2, 3]],
  );
  await third.history.close();
});

test('a file that cannot be read is not touched', async ({ folder }) => {
  const path = folder.of('headcount.ring');
  const first = await startLife({ path });
  await first.history.close();
  const open: Files['open'] = async (...args) => {
    if (args[0] === path) throw Object.assign(new Error('EACCES: permission denied'), { code: 'EACCES' });
    return await fs.open(...args);
  };
  const second = await startLife({ path, files: { ...fs, open } });
  assert.is(second.history.restored, null);
  assert.match(second.logs.join('\n'), /cannot be read: EACCES.*in memory/);
  second.session(1);
  await second.history.flush();
  await second.history.close();
  // Tried at the start, and once more at the end.
  assert.equal([second.failures, second.flushesMs], [['read_only', 'read_only'], []]);
});

test('a folder that cannot be written: the rows are shown, and it says so', async ({ folder }) => {
  const path = folder.of('headcount.ring');
  const first = await startLife({ path });
  first.session(1);
  await first.history.close();
  const files = troubledFiles({ code: 'EROFS', on: ['lock'], refused: 0 });
  const second = await startLife({ path, files, clock: first.clock });
  assert.is(second.history.restored?.rows.length, 1);
  assert.match(second.logs.join('\n'), /cannot be written: EROFS/);
  second.session(2);
  await second.history.flush();
  await second.history.close();
  // Tried at the start, and once more at the end.
  assert.equal([second.failures, second.flushesMs], [['read_only', 'read_only'], []]);
});

test('where sockets cannot be, it writes without a lock and says so', async ({ folder }) => {
  const path = folder.of('headcount.ring');
  const files = troubledFiles({ code: 'EOPNOTSUPP', on: ['lock'], refused: 0 });
  const life = await startLife({ path, files });
  life.session(1);
  await life.history.flush();
  assert.equal([life.failures, life.flushesMs.length], [[], 1]);
  assert.match(life.logs.join('\n'), /warn .* cannot be locked/);
  await life.history.close();
});

test('a flush in flight is shared, and a close waits for it', async ({ folder }) => {
  const life = await startLife({ path: folder.of('headcount.ring') });
  life.session(1);
  const first = life.history.flush();
  const second = life.history.flush();
  life.session(2);
  const closed = life.history.close();
  await Promise.all([first, second, closed]);
  const again = await startLife({ path: folder.of('headcount.ring') });
  assert.equal(again.rows().at(-1)?.sessionTimes, [1, 2]);
  await again.history.close();
});

test.run();
