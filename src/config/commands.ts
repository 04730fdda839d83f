/**
 * What the program is asked to do. In: arguments; out: a command and its own arguments. The help of `history export` is
 * here too; that of the settings is in parse.ts. Pure.
 */
import { hint } from './flags.js';

export type Command =
  | { readonly kind: 'serve' | 'export'; readonly args: readonly string[] }
  | { readonly kind: 'help' | 'exportHelp' | 'version' }
  /** `message` is for people. */
  | { readonly kind: 'unknown'; readonly message: string };

const EXPORT = 'history export';

/** The words before the first flag name the command. Without words, the program serves. */
export function commandOf(args: readonly string[]): Command {
  const first = args.findIndex((arg) => arg.startsWith('-'));
  const words = first === -1 ? args : args.slice(0, first);
  const isHelp = args.includes('--help') || args.includes('-h');
  const [noun, verb] = words;
  if (noun === undefined) return { kind: isHelp ? 'help' : args.includes('--version') ? 'version' : 'serve', args };
  if (noun === 'history' && isHelp) return { kind: 'exportHelp' };
  if (`${noun} ${verb}` === EXPORT) return { kind: 'export', args: args.slice(2) };
  const written = words.slice(0, 2).join(' ');
  return { kind: 'unknown', message: `${written} is not a command; ${hint(written, [EXPORT])}` };
}

/** Its flags that are no settings; each takes a value. */
export const EXPORT_FLAGS = ['format', 'since', 'until'] as const;

export function exportHelpText(formats: readonly string[]): string {
  return [
    'Usage: headcount history export [--flag value ...]',
    '',
    'Writes the rows of the history file to stdout, also while a server runs.',
    '',
    '  --format [json]',
    `      One of ${formats.join(', ')}.`,
    '  --since, --until',
    '      Rows whose period starts at or after the one and before the other: epoch ms, an ISO 8601 date, or a span',
    '      such as -2h (s, m, h, d, w).',
    '',
    'Which file: METRICS_FILE, else headcount.ring in STATE_DIR; as flags --metrics-file and --state-dir.',
    '',
  ].join('\n');
}
