/**
 * In: environment and arguments; out: a checked config, or all complaints at once. And a config as people are shown it.
 * Pure.
 */
import { remarksOn } from './environment.js';
import { type Flag, parseFlags } from './flags.js';
import { bool } from './kinds.js';
import { type Config, SETTINGS, type Setting, type SettingKey } from './settings.js';

export interface ParseOptions {
  /** Names of flags that take a value and are no settings. */
  readonly others?: readonly string[];
  /** The text of a file. Not given: no file can be read. @throws {Error} it cannot be read. */
  readonly readFile?: (path: string) => string;
}

interface Parsed {
  readonly config: Config;
  /** The values of `others` that were given, by name without dashes. */
  readonly others: Readonly<Record<string, string>>;
  /** One line each. Unless this is empty, `config` must not be used. */
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
}

const entries = Object.entries(SETTINGS) as [SettingKey, Setting<unknown>][];

const NAMES = entries.flatMap(([, { names }]) => names);

/** A setting can be given by each of its names. */
const FLAGS: readonly Flag[] = entries.map(([key, { names, kind }]) => {
  return { key, names: names.map(flagName), isBoolean: kind === bool };
});

/** Flags win over variables. @see SETTINGS */
export function parseConfig(
  environment: Readonly<Record<string, string | undefined>>,
  args: readonly string[] = [],
  { others = [], readFile = unreadable }: ParseOptions = {},
): Parsed {
  const otherFlags = others.map((name) => ({ key: `--${name}`, names: [name], isBoolean: false }));
  const { given: flags, errors: complaints } = parseFlags(args, [...FLAGS, ...otherFlags]);
  const errors = [...complaints];
  const values: Record<string, unknown> = {};
  for (const [key, one] of entries) {
    const variables = one.isAnyCase ? one.names.flatMap((each) => [each, each.toLowerCase()]) : one.names;
    const name = variables.find((candidate) => (environment[candidate] ?? '') !== '');
    const flag = flags.get(key);
    const written = flag?.text ?? (name === undefined ? undefined : environment[name]);
    const raw = written ?? one.fallback;
    try {
      values[key] = raw === null ? (values[one.follows ?? ''] ?? null) : one.kind.parse(raw);
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      const shown = one.isSecret ? '"***"' : JSON.stringify(raw);
      errors.push(`${flag?.name ?? name ?? one.names[0]} is ${shown}, expected ${error.message}`);
    }
  }
  // Each value was made by its own setting's parser. When one failed there is an error, and nobody uses the config.
  const given = values as Config;
  const { token, error } = tokenOf(given, flags.get('tokenFile')?.name ?? 'TOKEN_FILE', readFile);
  // With no slots, nobody would ever get one, so nobody may wait.
  const config = { ...given, token, queueLength: given.concurrent === 0 ? 0 : given.queueLength };
  const remarks = remarksOn(environment, NAMES);
  errors.push(...(error === null ? contradictions(config) : [error]), ...remarks.errors);
  const warnings = [...remarks.warnings, ...(flags.has('token') ? [SHOWN_TOKEN] : [])];
  const otherTexts = others.flatMap((name) => {
    const text = flags.get(`--${name}`)?.text;
    return text === undefined ? [] : [[name, text]];
  });
  return { config, others: Object.fromEntries(otherTexts), errors, warnings };
}

const SHOWN_TOKEN = 'a --token shows in the list of processes (ps): TOKEN_FILE or TOKEN do not';

function unreadable(): string {
  throw new Error('no files can be read here');
}

/** The token, read from its file when the setting names one. */
function tokenOf(
  { token = null, tokenFile = null }: Partial<Config>,
  name: string,
  readFile: (path: string) => string,
): { readonly token: string | null; readonly error: string | null } {
  if (tokenFile === null) return { token, error: null };
  if (token !== null) return { token, error: `TOKEN and ${name} are both set: one of them is enough` };
  try {
    const text = readFile(tokenFile)
      .replace(/^\ufeff/, '')
      .replace(/\r?\n$/, '');
    if (text === '') return { token, error: `${name} is "${tokenFile}", which is empty` };
    if (/[\r\n]/.test(text)) return { token, error: `${name} is "${tokenFile}", which has more than one line` };
    return { token: text, error: null };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { token, error: `${name} is "${tokenFile}", which cannot be read: ${why}` };
  }
}

/** Complaints about values that cannot stand together. A value that could not be parsed is missing here. */
function contradictions({ host, token, allowAnonymous, networkPolicy, allowClientProxy }: Partial<Config>): string[] {
  const isOpen = host !== undefined && !isLoopback(host) && token === null && allowAnonymous === false;
  const isPointless = networkPolicy === 'public' && allowClientProxy === true;
  return [
    ...(isOpen ? [`HOST is "${host}", which others can reach: ${TOKEN_ADVICE}`] : []),
    ...(isPointless ? [PROXY_ADVICE] : []),
  ];
}

const TOKEN_ADVICE = 'set TOKEN or TOKEN_FILE, or ALLOW_ANONYMOUS=true if that is meant';
const PROXY_ADVICE =
  'NETWORK_POLICY is public and ALLOW_CLIENT_PROXY is true: where a proxy of a client leads, nobody here can judge';

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}

/** The first of a setting's flags. */
export function flagOf(one: Setting<unknown>): string {
  return `--${flagName(one.names[0])}`;
}

function flagName(variable: string): string {
  return variable.toLowerCase().replaceAll('_', '-');
}

/** The text of `--help`. */
export function helpText(): string {
  const lines = entries.map(([, one]) => {
    const fallback = one.fallback === null ? '' : ` [${one.fallback}]`;
    return `  ${flagOf(one)}, ${one.names.join(', ')}${fallback}\n      ${one.help}`;
  });
  return [
    'Usage: headcount [--flag value ...]',
    '       headcount history export [--format csv] [--since -2h] [--flag value ...]; see its own --help',
    '       headcount --version | --help',
    '',
    'Settings, as flags or environment variables; each name is a flag in lower case, with dashes:',
    ...lines,
    '',
  ].join('\n');
}

/** The effective settings by the first of their names, as a user would write them, secrets hidden. */
export function shownConfig(config: Config): Record<string, unknown> {
  return Object.fromEntries(
    entries.map(([key, one]) => {
      const value = config[key];
      if (value === null) return [one.names[0], one.kind.shownNull ?? null];
      if (one.isSecret) return [one.names[0], '***'];
      return [one.names[0], value instanceof URL ? value.href : Array.isArray(value) ? value.join(', ') : value];
    }),
  );
}
