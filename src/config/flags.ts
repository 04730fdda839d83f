/**
 * In: arguments; out: flags with their texts, or complaints. `--name value` and `--name=value`; a boolean may stand
 * alone. Pure.
 */
import { parseArgs } from 'node:util';
import { nearest } from '../nearest.js';

export interface Flag {
  /** The setting or option that it gives. */
  readonly key: string;
  /** Without dashes; all mean the same. */
  readonly names: readonly string[];
  readonly isBoolean: boolean;
}

export interface Flags {
  /** By key; `name` as it was written, with its dashes. The last one counts. */
  readonly given: ReadonlyMap<string, { readonly name: string; readonly text: string }>;
  /** One line each. They name flags but no values, because values may be secret. */
  readonly errors: readonly string[];
}

export function parseFlags(args: readonly string[], flags: readonly Flag[]): Flags {
  const byName = new Map(flags.flatMap((flag) => flag.names.map((name) => [`--${name}`, flag])));
  const options = Object.fromEntries(
    flags.flatMap(({ names, isBoolean }) =>
      names.map((name) => [name, { type: isBoolean ? ('boolean' as const) : ('string' as const) }]),
    ),
  );
  // Strict parsing would stop at the first mistake, and would not take `-1` as a value.
  const { tokens } = parseArgs({ args: [...args], options, strict: false, tokens: true, allowPositionals: true });
  const given = new Map<string, { name: string; text: string }>();
  const errors: string[] = [];
  for (const [i, token] of tokens.entries()) {
    const [before, after] = [tokens[i - 1], tokens[i + 1]];
    if (token.kind !== 'option') {
      const text = token.kind === 'positional' ? token.value : '--';
      const isValue = before?.kind === 'option' && before.value === undefined;
      if (!isValue) errors.push(`${text} is not a flag; see --help`);
      continue;
    }
    const { rawName: name } = token;
    const flag = byName.get(name);
    const text = token.value ?? (after?.kind === 'positional' ? after.value : undefined);
    if (!flag) errors.push(`${name} is not a flag; ${hint(name, [...byName.keys()])}`);
    else if (text === undefined && !flag.isBoolean) errors.push(`${name} wants a value`);
    else if (text?.startsWith('--') && !token.inlineValue) errors.push(`${name} wants a value, or ${name}=--…`);
    else given.set(flag.key, { name, text: text ?? 'true' });
  }
  return { given, errors };
}

/** For people: the name that was probably meant, or where all names are. */
export function hint(written: string, names: readonly string[]): string {
  const meant = nearest(written, names);
  return meant === undefined ? 'see --help' : `did you mean ${meant}?`;
}
