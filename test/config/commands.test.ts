/**
 * Which command the arguments mean.
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { commandOf } from '../../src/config/commands.js';

const test = suite('config/commands');

const of = (line: string) => commandOf(line.split(' ').filter((word) => word !== ''));

test('without words it is to serve, whatever the flags', () => {
  assert.equal(of(''), { kind: 'serve', args: [] });
  assert.equal(of('--port 1'), { kind: 'serve', args: ['--port', '1'] });
});

test('an export has the arguments after its name', () => {
  assert.equal(of('history export --format csv'), { kind: 'export', args: ['--format', 'csv'] });
  assert.equal(of('history export extra'), { kind: 'export', args: ['extra'] });
});

test('help and version are asked for by flags, and an export has help of its own', () => {
  assert.is(of('--port 1 --help').kind, 'help');
  assert.is(of('-h').kind, 'help');
  assert.is(of('--version').kind, 'version');
  for (const line of ['history export --help', 'history --help', 'history export --format csv -h']) {
    assert.is(of(line).kind, 'exportHelp', line);
  }
});

test('a command that there is not is named, with the one that was meant', () => {
  const messageOf = (line: string) => {
    const command = of(line);
    return command.kind === 'unknown' ? command.message : command.kind;
  };
  assert.is(messageOf('history exprot'), 'history exprot is not a command; did you mean history export?');
  assert.is(messageOf('history'), 'history is not a command; see --help');
  assert.is(messageOf('serve --port 1'), 'serve is not a command; see --help');
  assert.is(messageOf('serve --help'), 'serve is not a command; see --help');
});

test.run();
