/**
 * uvu's `suite`, with books. In a test's process every import of `uvu` gives this module (see `child.ts`), because uvu
 * alone forgets things. It swallows an error of a hook; `throw undefined` ends a suite without a word; a suite that is
 * never run, or tests added after `run()`, leave no trace. The tests still run by uvu's own `exec`.
 */

import { inspect } from 'node:util';
import * as uvu from 'uvu';

export { exec } from 'uvu';

/** What happened, in order: `begin` and `passed` carry a test's name, `failed` and `left` a name with the reason. */
export type Event = readonly [kind: 'begin' | 'passed' | 'failed' | 'left' | 'done' | 'open', text: string];

interface Books {
  readonly title: string;
  /** Tests that uvu was given and has not begun. */
  readonly waiting: string[];
  givenCount: number;
  isRun: boolean;
}

const allBooks: Books[] = [];
const booksOf = new WeakMap<object, Books>();
let report: (event: Event) => void = () => {};

export function reportTo(sink: (event: Event) => void): void {
  report = sink;
}

/** Called once `exec` is over. A test that was given to uvu and did not run is a failure. */
export function closeBooks(): void {
  for (const books of allBooks) {
    // Every import of uvu makes the nameless suite, used or not.
    const isUnused = books.givenCount === 0 && books.title === '' && !books.isRun;
    if (isUnused) continue;
    if (!books.isRun) report(['failed', `${books.title}: the suite is never run, run() is missing`]);
    else if (books.givenCount === 0) report(['failed', `${books.title}: the suite has no tests`]);
    for (const name of books.waiting) report(['failed', `${books.title} › ${name}: never ran`]);
  }
}

export function suite<T = Record<string, unknown>>(title = '', context?: T): uvu.Test<T> {
  const inner = uvu.suite(title, context);
  const books: Books = { title, waiting: [], givenCount: 0, isRun: false };
  allBooks.push(books);
  const given = (name: string): string => {
    books.waiting.push(name);
    books.givenCount++;
    return name;
  };
  const hook = (kind: string, add: (callback: uvu.Callback<T>) => void) => (callback: uvu.Callback<T>) =>
    add((state) => runHook(`${title}: the ${kind} hook`, () => callback(state)));

  const add = (name: string, callback: uvu.Callback<T>): void =>
    inner(given(name), (state) => runTest(books, name, () => callback(state)));
  const counted = Object.assign(add, {
    before: Object.assign(hook('before', inner.before), { each: hook('before each', inner.before.each) }),
    after: Object.assign(hook('after', inner.after), { each: hook('after each', inner.after.each) }),
    only(name: string, callback: uvu.Callback<T>): void {
      report(['failed', `${title} › ${name}: only() hides the other tests`]);
      inner.only(given(name), (state) => runTest(books, name, () => callback(state)));
    },
    skip(name = 'a test without a name'): void {
      report(['failed', `${title} › ${name}: skipped`]);
      books.givenCount++;
    },
    run(): void {
      books.isRun = true;
      // Hooks prepare what tests need. When all tests were left out, that is missing.
      if (books.waiting.length > 0 || books.givenCount === 0) inner.run();
    },
  });
  booksOf.set(counted, books);
  return counted;
}

/** In place of adding a test to `test`, a suite of this module: says that it was left out, and what it needs. */
export function leaveOut(test: object, name: string, why: string): void {
  const books = booksOf.get(test);
  if (books === undefined) throw new Error(`${name}: not of a suite that is counted`);
  books.givenCount++;
  report(['left', `${books.title} › ${name}: ${why}`]);
}

export const test = suite();

async function runTest(books: Books, name: string, body: () => unknown): Promise<void> {
  const fullName = `${books.title} › ${name}`;
  const index = books.waiting.indexOf(name);
  if (index >= 0) books.waiting.splice(index, 1);
  report(['begin', fullName]);
  try {
    await body();
  } catch (thrown) {
    const error = asError(thrown);
    report(['failed', `${fullName}: ${error.message}`]);
    throw error;
  }
  report(['passed', fullName]);
}

// uvu shows nothing of an error in a hook. So it is printed here, and counted as a failure of its own.
async function runHook(name: string, body: () => unknown): Promise<void> {
  report(['begin', name]);
  try {
    await body();
  } catch (thrown) {
    const error = asError(thrown);
    console.error(`${name} failed:`, error);
    report(['failed', `${name}: ${error.message}`]);
    throw error;
  }
}

/** uvu reads `name` and `stack` of what was thrown, and dies when it has neither. */
function asError(thrown: unknown): Error {
  const isPrintable = thrown instanceof Error && typeof thrown.name === 'string' && typeof thrown.stack === 'string';
  return isPrintable ? thrown : new Error(`threw ${inspect(thrown)}`);
}
