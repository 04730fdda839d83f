/**
 * From a body to a checked job: first by its kind's schema, then what a schema cannot say. Every complaint names the
 * key and what was expected. Pure.
 */
import { Compile, type Validator } from 'typebox/compile';
import type { ServiceError } from '../failures.js';
import type { Job } from '../protocol/job.js';
import { complaint, type JobRow } from '../protocol/jobs/row.js';

/** @throws {ServiceError} BAD_REQUEST */
export type Validate = (body: unknown) => Job;

/** For the kind that has this row. Compiles its schema: once, not for each body. */
export function createValidate(kind: string, row: JobRow): Validate {
  const validator = Compile(row.body);
  return (body) => {
    if (!validator.Check(body)) throw explain(validator, body);
    row.check?.(body);
    // The type is what the schema just checked says.
    return { kind, body } as Job;
  };
}

/** The first complaint, in words. */
function explain(validator: Validator, body: unknown): ServiceError {
  const errors = validator.Errors(body);
  const unknown = errors.find((error) => error.keyword === 'additionalProperties');
  // A union complains once for each of its members; the shallowest place is the key that is wrong.
  const first = errors.find((error) => error.keyword !== 'anyOf') ?? errors[0];
  if (!first) return complaint('body', 'not valid');
  const key = pathOf(first.instancePath);
  if (unknown && first.keyword === 'boolean') return complaint(key, 'unknown key');
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

/** A JSON pointer as people write it. */
function pathOf(pointer: string): string {
  const parts = pointer.split('/').slice(1);
  return parts.length === 0 ? 'body' : parts.join('.').replaceAll('~1', '/').replaceAll('~0', '~');
}
