/**
 * How a program is started that does not find perl, so that its browsers cannot lead groups in its own session of the
 * kernel. Needs root, and unshare.
 */

export const PERL = '/usr/bin/perl';

const HIDE = 'test ! -e "$0" || mount --bind /dev/null "$0"; exec "$@"';

/** The program and its arguments come after it. Its pid stays the same. */
export const WITHOUT_PERL: readonly string[] = ['unshare', '--mount', 'sh', '-c', HIDE, PERL];
