/**
 * Whose session a browser is in, and that it cannot type into the server's terminal.
 */

import { spawnSync } from 'node:child_process';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Command, canLeadInSession, leading } from '../../src/browsers/group.js';
import { needs } from '../faults/needs.js';

const test = suite('browsers/group');
const withPerl = needs(test, { files: ['/usr/bin/perl'] });
/** Its pid, its group and its session; and a terminal, if it has one. */
const TOLD = 'read -r pid name state parent group session rest < /proc/self/stat; echo $pid $group $session';
const TERMINAL = 'if (: < /dev/tty) 2> /dev/null; then echo a terminal; else echo none; fi';
/** Runs the command in the environment's CAGED. */
const RUN = `const { file, args, detached } = JSON.parse(process.env.CAGED);
require('node:child_process').spawn(file, args, { detached, stdio: 'inherit' });`;

function numbersOf({ file, args }: Command): number[] {
  const { stdout, stderr } = spawnSync(file, args, { encoding: 'utf8' });
  assert.is(stderr, '');
  return stdout.trim().split(' ').map(Number);
}

/** What the command says that is run by a program with a terminal. */
function inTerminal(command: Command): string {
  const env = { PATH: process.env['PATH'], CAGED: JSON.stringify(command), RUN, SHELL: '/bin/sh' };
  const { stdout, stderr } = spawnSync('script', ['-qec', `'${process.execPath}' -e "$RUN"`, '/dev/null'], {
    encoding: 'utf8',
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return `${stdout}${stderr}`.trim();
}

withPerl('it leads a group, in our session', async () => {
  assert.ok(await canLeadInSession());
  const [, , session] = numbersOf({ file: 'sh', args: ['-c', TOLD], detached: false });
  const command = leading('/bin/sh', ['-c', TOLD], true);
  assert.not(command.detached);
  const [pid, group, its] = numbersOf(command);
  assert.is(group, pid);
  assert.is(its, session);
});

test('where that cannot be, it gets a session with its group', () => {
  assert.equal(leading('/bin/sh', ['-c', TOLD], false), { file: '/bin/sh', args: ['-c', TOLD], detached: true });
});

needs(test, { files: ['/usr/bin/perl'], tools: ['script'] })('it has not got the terminal that we have', () => {
  const args = ['-c', TERMINAL];
  assert.is(inTerminal({ file: '/bin/sh', args, detached: false }), 'a terminal');
  assert.is(inTerminal(leading('/bin/sh', args, true)), 'none');
  assert.is(inTerminal(leading('/bin/sh', args, false)), 'none');
});

withPerl('a program that cannot be run says why, and is a failure', () => {
  const { file, args } = leading('/nowhere/chromium', [], true);
  const { status, stderr } = spawnSync(file, args, { encoding: 'utf8' });
  assert.is(stderr, '/nowhere/chromium: No such file or directory\n');
  assert.is(status, 2);
});

test.run();
