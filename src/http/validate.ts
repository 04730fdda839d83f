/**
 * In: a body; out: a checked job. First names and types become ours, then the kind's schema is checked, then what a
 * schema cannot say. Every complaint names the key and what was expected. Pure.
 */
import type { Static, TSchema } from 'typebox';
import { Compile, type Validator } from 'typebox/compile';
import { Settings } from 'typebox/system';
import type { ServiceError } from '../failures.js';
import { nearest } from '../nearest.js';
import type { Job } from '../protocol/job.js';
import { complaint, type JobRow } from '../protocol/jobs/row.js';
import { createTranslate, readTexts } from './translate.js';

/** For one body. A key that may be many things gives as many complaints. */
Settings.Set({ maxErrors: 100 });

/** @throws {ServiceError} BAD_REQUEST */
export type Validate = (body: unknown) => Job;

/**
 * For the kind with this row. The schema is compiled once, not for each body. `onIgnored` is told of keys that have no
 * effect here.
 */
export function createValidate(kind: string, row: JobRow, onIgnored: (key: string) => void = () => {}): Validate {
  const validator = Compile(row.body);
  const translate = createTranslate(row.foreign, onIgnored);
  const checked = (given: unknown): Static<typeof row.body> => {
    const body = translate(given);
    if (validator.Check(body)) return body;
    // Few clients write numbers as texts, so only they pay for reading those.
    const read = readTexts(row.body, body);
    if (validator.Check(read)) return read;
    throw explain(validator, row.body, read);
  };
  return (given) => {
    const body = checked(given);
    row.check?.(body);
    // The schema was just checked, and this is its type.
    return { kind, body } as Job;
  };
}

/** The first complaint, in words. */
function explain(validator: Validator, schema: TSchema, body: unknown): ServiceError {
  const errors = validator.Errors(body);
  // A union complains once for each of its members. The complaint at the shallowest place names the key that is wrong.
  const first = errors.find((error) => error.keyword !== 'anyOf') ?? errors[0];
  if (!first) return complaint('body', 'not valid');
  const key = pathOf(first.instancePath);
  // A key that is missing is often there with a slip in its name.
  const unknown = errors.find(
    ({ keyword, schemaPath }) => keyword === 'additionalProperties' && !isInUnion(schemaPath),
  );
  if (unknown && (first.keyword === 'boolean' || first.keyword === 'required')) return slip(schema, unknown);
  const options = errors.filter((error) => error.keyword === 'const' && error.instancePath === first.instancePath);
  if (first.keyword === 'const') {
    return complaint(
      key,
      `must be one of ${options.map((error) => (error.params as { allowedValue: string }).allowedValue)}`,
    );
  }
  const alternatives = errors.filter((error) => error.keyword !== 'anyOf' && error.instancePath === first.instancePath);
  return complaint(key, [...new Set(alternatives.map((error) => error.message))].slice(0, 4).join(', or '));
}

function isInUnion(schemaPath: string): boolean {
  return schemaPath.includes('/anyOf/');
}

function slip(schema: TSchema, { instancePath, params }: ReturnType<Validator['Errors']>[number]): ServiceError {
  const { additionalProperties: [name = ''] = [] } = params as { readonly additionalProperties?: string[] };
  const segments = instancePath.split('/').slice(1);
  const meant = nearest(name, keysAt(schema, segments));
  const key = [...segments, name].join('.');
  return complaint(key, meant === undefined ? 'unknown key' : `unknown key; did you mean ${meant}?`);
}

/** The keys that an object at this place may have. When it may follow one of several schemas, the keys of all. */
function keysAt(schema: unknown, [name, ...rest]: readonly string[]): string[] {
  const { properties = {}, items, anyOf = [] } = Object(schema) as Partial<Branches>;
  const own = name === undefined ? Object.keys(properties) : keysAt(properties[name] ?? items, rest);
  return [...own, ...anyOf.flatMap((one) => keysAt(one, name === undefined ? [] : [name, ...rest]))];
}

interface Branches {
  readonly properties: Readonly<Record<string, unknown>>;
  readonly items: unknown;
  readonly anyOf: readonly unknown[];
}

/** A JSON pointer as people write it. */
function pathOf(pointer: string): string {
  const parts = pointer.split('/').slice(1);
  return parts.length === 0 ? 'body' : parts.join('.').replaceAll('~1', '/').replaceAll('~0', '~');
}
