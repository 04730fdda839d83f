/**
 * What main knows of a kind of job, as the row of a table. Pure.
 */
import type { Type } from 'typebox';
import { ServiceError } from '../../failures.js';
import type { ForeignKey } from './foreign-names.js';

export interface JobRow<Body extends Type.TObject = Type.TObject> {
  /** What it answers, for the README. */
  readonly about: string;
  /** Media types of what the job makes. */
  readonly produces: readonly string[];
  /** The schema that the edge checks; its type is what workers get. */
  readonly body: Body;
  /**
   * Checks what the schema cannot say, on a body that fits the schema.
   * @throws {ServiceError} BAD_REQUEST
   */
  check?(body: Type.Static<Body>): void;
  /**
   * Media types that are taken besides JSON. The whole body is then the value of this key, and there are no other keys.
   */
  readonly raw: Readonly<Record<string, keyof Type.Static<Body> & string>>;
  /** Names that other servers' clients send. */
  readonly foreign: readonly ForeignKey[];
  /** When its shard dies, another shard may begin the job anew. */
  readonly isRetryable: boolean;
}

export type JobTable = Readonly<Record<string, JobRow>>;

/** An error about a body: the key, and what was expected there. */
export function complaint(key: string, expected: string): ServiceError {
  return new ServiceError('BAD_REQUEST', `${key}: ${expected}`);
}
