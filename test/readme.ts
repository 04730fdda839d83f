/**
 * The parts of the pages for users that derive from tables in the code: settings, columns, metrics. `npm run docs`
 * writes them between their marks; `readme.test.ts` fails when they are not what the tables say.
 */

import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { BROWSERLESS } from '../src/config/browserless.js';
import { flagOf } from '../src/config/parse.js';
import { SETTINGS, type Setting } from '../src/config/settings.js';
import { FAILURES } from '../src/failures.js';
import { OF_CONTEXTS, OF_SESSIONS } from '../src/http/client-parameters.js';
import { ROUTES, type Table, UPGRADES } from '../src/http/interface.js';
import type { Parameter } from '../src/http/parameters.js';
import { FAMILIES } from '../src/metrics/families.js';
import type { Family } from '../src/metrics/family.js';
import { FIELDS, type Field } from '../src/metrics/fields.js';
import { FOREIGN_TO_CLIENTS } from '../src/protocol/jobs/foreign-flags.js';
import { FOREIGN_PARAMETERS, type ForeignParameter } from '../src/protocol/jobs/foreign-names.js';
import { JOB_KINDS, JOBS } from '../src/protocol/jobs/jobs.js';
import { DIFFERENCES } from './clients/differences.js';

const code = (text: string): string => `\`${text}\``;

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

function settings(): string {
  const rows = (Object.values(SETTINGS) as Setting<unknown>[]).map((one) => [
    one.names.map(code).join(', '),
    code(flagOf(one)),
    one.fallback === null ? '' : code(one.fallback),
    one.help,
  ]);
  return table(['variable', 'flag', 'default', ''], rows);
}

function browserless(): string {
  const fates = { setting: '', ignored: 'ignored: ', refused: 'stops the start: ' };
  const rows = BROWSERLESS.map(({ names, fate, same = [], why }) => [
    names.map(code).join(', '),
    same.map(code).join(', '),
    fates[fate] + why,
  ]);
  return table(['variable', 'in silence', 'otherwise'], rows);
}

function foreignKeys(): string {
  const fates = { renamed: 'taken', ignored: 'ignored', refused: '400' };
  const kindsOf = (path: string) => JOB_KINDS.filter((kind) => JOBS[kind].foreign.some((one) => one.path === path));
  const all = new Map(JOB_KINDS.flatMap((kind) => JOBS[kind].foreign.map((one) => [one.path, one])));
  const rows = [...all.values()].map(({ path, fate, to, harmless = [], why }) => [
    code(path.replaceAll('.*', '[]')),
    kindsOf(path).length === JOB_KINDS.length ? 'every' : kindsOf(path).join(', '),
    to === undefined ? fates[fate] : `${fates[fate]} as ${code(to)}`,
    harmless.map((one) => code(JSON.stringify(one))).join(', '),
    why,
  ]);
  return table(['key', 'kind', 'becomes', 'but for', 'because'], rows);
}

function foreignParameters(parameters: readonly ForeignParameter[], where: string): string {
  const fates = new Map(parameters.map(({ fate, why }) => [`${fate} ${why}`, { fate, why }]));
  const rows = [...fates.values()].map(({ fate, why }) => {
    const names = parameters.filter((one) => one.fate === fate && one.why === why).map(({ name }) => code(name));
    return [names.join(', '), fate === 'refused' ? '400' : fate, why];
  });
  return table([where, 'becomes', 'because'], rows);
}

function clientParameters(): string {
  const rows = (given: Readonly<Record<string, Parameter<unknown>>>, isInLaunch: boolean) =>
    Object.entries(given).map(([name, { about }]) => [code(name), isInLaunch ? 'yes' : '', about]);
  return table(['in the query', 'in `launch`', ''], [...rows(OF_SESSIONS, false), ...rows(OF_CONTEXTS, true)]);
}

function fields(): string {
  const rows = (FIELDS as readonly Field[]).map(({ name, unit, inTotals, help }) => [
    code(name),
    unit,
    inTotals ? 'yes' : '',
    help,
  ]);
  return table(['key', 'unit', 'in `/metrics/all`', 'meaning'], rows);
}

function families(): string {
  const rows = (FAMILIES as readonly Family[]).map(({ name, type, labels, isSummed, help }) => [
    code(name),
    type,
    isSummed ? '' : Object.keys(labels ?? {}).join(', '),
    help,
  ]);
  return table(['metric', 'type', 'labels', 'meaning'], rows);
}

function failures(): string {
  const rows = Object.entries(FAILURES).map(([name, { status, retryAfterMs, about }]) => [
    String(status),
    code(name),
    about,
    retryAfterMs === undefined ? '' : 'yes',
  ]);
  return table(['status', 'code', 'when', '`Retry-After`'], rows);
}

/** Which setting lets a route have a further method. */
const SWITCHED_BY = { apiGet: SETTINGS.enableApiGet, testSessions: SETTINGS.testSessions };

function withSwitches(methods: Readonly<Record<string, keyof typeof SWITCHED_BY>>): string[] {
  return Object.entries(methods).map(([method, by]) => `${method} with ${code(SWITCHED_BY[by].names[0] ?? '')}`);
}

function routes(): string {
  const rows = [...Object.values(ROUTES as Table), ...Object.values(UPGRADES as Table)]
    .filter(({ onlyWith }) => onlyWith === undefined)
    .map(({ paths, methods, methodsWith = {}, isUpgrade, about }) => [
      paths.map(code).join(', '),
      isUpgrade ? 'WebSocket' : [...methods, ...withSwitches(methodsWith)].join(', '),
      about,
    ]);
  return table(['route', 'methods', 'answer'], rows);
}

function differences(): string {
  const names = { puppeteer: 'Puppeteer', playwright: 'Playwright' };
  const rows = DIFFERENCES.map(({ clients, check, instead, why }) => [
    check,
    clients.map((client) => names[client]).join(', '),
    instead,
    why,
  ]);
  return table(['a browser of its own', 'client', 'here', 'because'], rows);
}

const PARTS: Readonly<Record<string, () => string>> = {
  settings,
  browserless,
  'foreign-keys': foreignKeys,
  'foreign-parameters': () => foreignParameters(FOREIGN_PARAMETERS, 'in the query'),
  'client-parameters': clientParameters,
  'foreign-to-clients': () => foreignParameters(FOREIGN_TO_CLIENTS, 'in the query or `launch`'),
  fields,
  families,
  failures,
  routes,
  differences,
};

/** Page to the parts that it has. */
export const PAGES: Readonly<Record<string, readonly string[]>> = {
  'README.md': ['fields', 'routes', 'settings', 'failures'],
  'grafana/README.md': ['families'],
  'src/http/browserless.md': ['browserless', 'foreign-keys', 'foreign-parameters', 'foreign-to-clients'],
  'src/worker/broker/README.md': ['client-parameters', 'differences'],
};

/** `text` of `page` with its parts as the tables have them. Throws when a part's marks are missing. */
export function withTables(page: string, text: string): string {
  let made = text;
  for (const name of PAGES[page] ?? []) {
    const [start, end] = [`<!-- ${name} -->\n`, `<!-- /${name} -->`];
    const from = made.indexOf(start);
    const to = made.indexOf(end);
    const part = PARTS[name];
    if (from === -1 || to === -1 || part === undefined) throw new Error(`${page} has no marks for ${name}`);
    made = `${made.slice(0, from + start.length)}${part()}\n${made.slice(to)}`;
  }
  return made;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const page of Object.keys(PAGES)) writeFileSync(page, withTables(page, readFileSync(page, 'utf8')));
}
