/**
 * How flags may be written, and what is said of wrong ones. With the program's own table of settings.
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { flagOf, parseConfig } from '../../src/config/parse.js';
import { SETTINGS } from '../../src/config/settings.js';

const test = suite('config/flags');

function errorsOf(...args: string[]): readonly string[] {
  return parseConfig({}, args).errors;
}

test('each name of each setting is a flag, with its value after it or after an equals sign', () => {
  for (const one of Object.values(SETTINGS)) {
    assert.is(flagOf(one), `--${one.names[0].toLowerCase().replaceAll('_', '-')}`);
    for (const name of one.names) {
      const flag = `--${name.toLowerCase().replaceAll('_', '-')}`;
      for (const args of [[flag, '\u0000'], [`${flag}=\u0000`]]) {
        const { errors } = parseConfig({ ALLOW_ANONYMOUS: 'true' }, args);
        // A text or a path takes everything. All other complaints name the flag as it was written.
        assert.ok(errors.length === 0 || errors[0]?.startsWith(`${flag} is "`), `${flag}: ${errors}`);
      }
    }
  }
  assert.is(parseConfig({}, ['--queued', '7']).config.queueLength, 7);
});

test('a value may begin with a dash', () => {
  for (const args of [['--timeout', '-1'], ['--timeout=-1'], ['--connection-timeout', '-1']]) {
    const { config, errors } = parseConfig({}, args);
    assert.equal([errors, config.timeoutMs], [[], null], args.join(' '));
  }
  assert.is(parseConfig({}, ['--token', '-secret-']).config.token, '-secret-');
  assert.is(parseConfig({}, ['--token=--secret']).config.token, '--secret');
  assert.is(parseConfig({}, ['--token=a=b']).config.token, 'a=b');
});

test('a flag whose value was left out does not take the next flag for it', () => {
  const { config, errors } = parseConfig({}, ['--token', '--port', '4000']);
  assert.is(config.token, null);
  assert.match(errors.join(), /^--token wants a value/);
  assert.equal(errorsOf('--port'), ['--port wants a value']);
  assert.is(errorsOf('--port=').length, 1);
});

test('a boolean stands alone, or says which', () => {
  const corsOf = (...args: string[]) => {
    const { config, errors } = parseConfig({ CORS: 'false' }, args);
    assert.equal(errors, [], args.join(' '));
    return [config.enableCors, config.port];
  };
  assert.equal(corsOf('--enable-cors'), [true, 3000]);
  assert.equal(corsOf('--cors', '--port', '1'), [true, 1]);
  assert.equal(corsOf('--enable-cors', 'false', '--port=1'), [false, 1]);
  assert.equal(corsOf('--enable-cors=0'), [false, 3000]);
  assert.match(errorsOf('--enable-cors', 'maybe').join(), /^--enable-cors is "maybe", expected true/);
});

test('the last of several counts, by whichever name', () => {
  assert.is(parseConfig({}, ['--port', '1', '--port=2']).config.port, 2);
  assert.is(parseConfig({}, ['--max-concurrent-sessions=3', '--concurrent', '4']).config.concurrent, 4);
});

test('what is no flag is named once, with the one that was meant', () => {
  assert.equal(errorsOf('--prot', '3000'), ['--prot is not a flag; did you mean --port?']);
  assert.equal(errorsOf('--max-queue-lenght=5'), [
    '--max-queue-lenght is not a flag; did you mean --max-queue-length?',
  ]);
  assert.equal(errorsOf('--enable_cors'), ['--enable_cors is not a flag; did you mean --enable-cors?']);
  assert.equal(errorsOf('-port', '3000').at(0), '-p is not a flag; see --help');
  assert.equal(errorsOf('--frobnicate'), ['--frobnicate is not a flag; see --help']);
  assert.equal(errorsOf('--no-enable-cors'), ['--no-enable-cors is not a flag; did you mean --enable-cors?']);
  assert.equal(errorsOf('--constructor', '--__proto__=1').length, 2);
  assert.equal(errorsOf('stray', '--port=1', 'more', '--'), [
    'stray is not a flag; see --help',
    'more is not a flag; see --help',
    '-- is not a flag; see --help',
  ]);
  assert.not.match(errorsOf('--tokn', 'hunter2', '--tokne=hunter2').join(), 'hunter2');
});

test('flags that are no settings are given back when they are asked for, and are none else', () => {
  const { config, others, errors } = parseConfig({}, ['--format', 'csv', '--port=1'], { others: ['format'] });
  assert.equal([errors, others, config.port], [[], { format: 'csv' }, 1]);
  assert.equal(parseConfig({}, ['--format=csv'], { others: ['format'] }).others, { format: 'csv' });
  assert.equal(parseConfig({}, [], { others: ['format'] }).others, {});
  assert.equal(parseConfig({}, ['--fromat=csv'], { others: ['format'] }).errors, [
    '--fromat is not a flag; did you mean --format?',
  ]);
  assert.is(errorsOf('--format=csv').length, 1);
});

test.run();
