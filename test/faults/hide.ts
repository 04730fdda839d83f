/**
 * How a program is started that does not find some of the machine's programs, as if they were not installed. Needs
 * root, and unshare.
 */

export const PERL = '/usr/bin/perl';
export const CHRT = '/usr/bin/chrt';

/** Names come up to an empty argument, then the program with its arguments. */
const HIDE = 'while [ "$1" ]; do test ! -e "$1" || mount --bind /dev/null "$1"; shift; done; shift; exec "$@"';

/** The program and its arguments come after it. Its pid stays the same. */
export function without(...paths: readonly string[]): string[] {
  return ['unshare', '--mount', 'sh', '-c', HIDE, 'sh', ...paths, ''];
}
