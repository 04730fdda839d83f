/**
 * A process group of its own for a browser, so that all that it starts can be ended with it. Node.js gives one only
 * together with a session (`detached`). Linux then shares the CPUs out between sessions, and not between threads
 * (`sched_autogroup_enabled`): niceness counts for nothing any more, and of two browsers the one with less to do is
 * fast at the expense of the other. Perl, which most systems have, can give a group alone. Main thread.
 */
import { execFile } from 'node:child_process';
import { accessSync, constants } from 'node:fs';

const PERL = '/usr/bin/perl';
/**
 * Whoever has the server's terminal could type into it, so it is given up (TIOCNOTTY). There may be none. Then Chromium
 * takes this process over, with its pid and descriptors.
 */
const SCRIPT = [
  'setpgrp(0, 0) or die "setpgrp: $!\\n"',
  'if (open(my $tty, "<", "/dev/tty")) { ioctl($tty, 0x5422, 0) or die "terminal: $!\\n" }',
  'exec { $ARGV[0] } @ARGV or die "$ARGV[0]: $!\\n"',
].join('; ');
const TRIAL_LIMIT_MS = 5_000;

export interface Command {
  readonly file: string;
  readonly args: readonly string[];
  /** With a session of its own. */
  readonly detached: boolean;
}

/** What to spawn, so that the program leads a group; in our session when `inSession`, and perl is still there. */
export function leading(program: string, args: readonly string[], inSession: boolean): Command {
  if (!inSession || !isExecutable(PERL)) return { file: program, args, detached: true };
  return { file: PERL, args: ['-e', SCRIPT, program, ...args], detached: false };
}

/** Whether a program can lead a group in our session here: perl is tried once. */
export async function canLeadInSession(): Promise<boolean> {
  return await new Promise((resolve) => {
    execFile(PERL, ['-e', SCRIPT, PERL, '-e', '1'], { timeout: TRIAL_LIMIT_MS, env: {} }, (error) =>
      resolve(error === null),
    );
  });
}

export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
