/**
 * What a browser is to the kernel, by programs that most systems have, because Node.js cannot ask for it. Main thread.
 *
 * A process group of its own, so that all that it starts can be ended with it. Node.js gives one only together with a
 * session (`detached`). Linux then shares the CPUs out between sessions, and not between threads
 * (`sched_autogroup_enabled`): niceness counts for nothing any more, and of two browsers the one with less to do is
 * fast at the expense of the other. Perl can give a group alone.
 *
 * A batch job, of which a thread that wakes up waits until the one that runs has had its time, instead of taking the
 * CPU from it. A session is hundreds of messages between threads of half a dozen processes, and each of them wakes one.
 * chrt, of util-linux and of busybox, starts a program so; what that starts inherits it.
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
const CHRT = '/usr/bin/chrt';
/** The class has a single priority. */
const AS_BATCH = ['-b', '0'];
const TRIAL_LIMIT_MS = 5_000;

/** What works on this machine. */
export interface Means {
  /** A browser leads a process group in the server's session; else in a session of its own. */
  readonly isInSession: boolean;
  readonly isBatch: boolean;
}

export interface Command {
  readonly file: string;
  readonly args: readonly string[];
  /** With a session of its own. */
  readonly detached: boolean;
}

/** What to spawn, so that the program leads a group. Means that have gone meanwhile are left out. */
export function launching(program: string, args: readonly string[], { isInSession, isBatch }: Means): Command {
  const leader: Command =
    isInSession && isExecutable(PERL)
      ? { file: PERL, args: ['-e', SCRIPT, program, ...args], detached: false }
      : { file: program, args, detached: true };
  if (!isBatch || !isExecutable(CHRT)) return leader;
  return { ...leader, file: CHRT, args: [...AS_BATCH, leader.file, ...leader.args] };
}

/** Each is tried once, with programs that do nothing. */
export async function findMeans(): Promise<Means> {
  const [isInSession, isBatch] = await Promise.all([
    runs(PERL, ['-e', SCRIPT, PERL, '-e', '1']),
    runs(CHRT, [...AS_BATCH, CHRT, '-m']),
  ]);
  return { isInSession, isBatch };
}

async function runs(file: string, args: readonly string[]): Promise<boolean> {
  return await new Promise((resolve) => {
    execFile(file, args, { timeout: TRIAL_LIMIT_MS, env: {} }, (error) => resolve(error === null));
  });
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
