/**
 * Bodies as clients of browserless and Puppeteer send them, made into ours. Names of others are taken, ignored or
 * refused, as the table says. Numbers and booleans may be texts. What is ours already is not touched. Pure.
 */
import { isDeepStrictEqual } from 'node:util';
import type { ForeignKey } from '../protocol/jobs/foreign-names.js';
import { complaint } from '../protocol/jobs/row.js';

interface Rule {
  readonly foreign: ForeignKey;
  readonly segments: readonly string[];
}

/** `onIgnored` is told of each name that is ignored. @throws {ServiceError} BAD_REQUEST for a name that is refused. */
export type Translate = (body: unknown) => unknown;

export function createTranslate(keys: readonly ForeignKey[], onIgnored: (path: string) => void): Translate {
  const rules = keys.map((foreign): Rule => ({ foreign, segments: foreign.path.split('.') }));
  return (body) => {
    let made = defaultViewport(body);
    for (const { foreign, segments } of rules) made = replaced(made, segments, '', { foreign, onIgnored });
    return made;
  };
}

interface Telling {
  readonly foreign: ForeignKey;
  readonly onIgnored: (path: string) => void;
}

/** `value` without the key that the rule is about. Copied only where it differs. */
function replaced(value: unknown, [name = '', ...rest]: readonly string[], at: string, telling: Telling): unknown {
  if (name === '*') {
    if (!Array.isArray(value)) return value;
    const items = value.map((item, i) => replaced(item, rest, `${at}${i}.`, telling));
    return items.some((item, i) => item !== value[i]) ? items : value;
  }
  if (!isObject(value) || !Object.hasOwn(value, name)) return value;
  if (rest.length > 0) {
    const inner = replaced(value[name], rest, `${at}${name}.`, telling);
    return inner === value[name] ? value : { ...value, [name]: inner };
  }
  const { foreign, onIgnored } = telling;
  const { [name]: given, ...others } = value;
  if (foreign.fate === 'renamed') return { [foreign.to ?? name]: given, ...others };
  const isHarmless = given === null || foreign.harmless?.some((one) => isDeepStrictEqual(one, given));
  if (foreign.fate === 'refused' && !isHarmless) throw complaint(`${at}${name}`, foreign.why);
  onIgnored(foreign.path);
  return others;
}

/** In Puppeteer, null asks for no viewport of its own. */
function defaultViewport(body: unknown): unknown {
  if (!isObject(body) || !isObject(body['viewport'])) return body;
  const { width, height, ...viewport } = body['viewport'];
  if (Number(width) !== 0 || Number(height) !== 0) return body;
  return { ...body, viewport: { width: 800, height: 600, ...viewport } };
}

/** The parts of a schema that are read here. */
export interface Schema {
  readonly type?: string;
  readonly const?: unknown;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
}

/** `value` with numbers and booleans for texts that say them, where the schema wants these and no texts. */
export function readTexts(schema: Schema, value: unknown): unknown {
  if (typeof value === 'string') return readText(typesOf(schema), value);
  const { properties = {}, items, anyOf = [] } = schema;
  if (Array.isArray(value)) return items ? value.map((item) => readTexts(items, item)) : value;
  if (!isObject(value)) return value;
  const made = { ...value };
  for (const [name, inner] of Object.entries(properties)) {
    if (Object.hasOwn(value, name)) made[name] = readTexts(inner, value[name]);
  }
  return anyOf.reduce<unknown>((read, one) => readTexts(one, read), made);
}

const NUMBER = /^\s*-?\d+(\.\d+)?\s*$/;

function readText(types: readonly string[], value: string): unknown {
  if (types.includes('string')) return value;
  if (types.includes('boolean') && (value === 'true' || value === 'false')) return value === 'true';
  const isNumber = types.some((type) => type === 'number' || type === 'integer');
  return isNumber && NUMBER.test(value) ? Number(value) : value;
}

/** The types that a value may have, apart from the fixed values of a list. */
function typesOf({ type, const: only, anyOf = [] }: Schema): string[] {
  return [...(type === undefined || only !== undefined ? [] : [type]), ...anyOf.flatMap(typesOf)];
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
