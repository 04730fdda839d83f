/**
 * What main knows of a kind of job, as the row of a table. Pure.
 */
import type { Type } from 'typebox';
import { ServiceError } from '../../failures.js';
import type { ForeignKey } from './foreign-names.js';

export interface JobRow<Body extends Type.TObject = Type.TObject> {
  /** What it answers, for the README. */
  readonly about: string;
  /** Media types of what it makes. */
  readonly produces: readonly string[];
  /** What is checked at the edge, and the type that it has in a worker. */
  readonly body: Body;
  /**
   * What the schema cannot say, of a body that keeps to it.
   * @throws {ServiceError} BAD_REQUEST
   */
  check?(body: Type.Static<Body>): void;
  /** Media types that are taken besides JSON: the whole body is the value of this key, and there is no other. */
  readonly raw: Readonly<Record<string, keyof Type.Static<Body> & string>>;
  /** Names that other servers' clients send. */
  readonly foreign: readonly ForeignKey[];
  /** When its shard has died under it, another may begin it anew. */
  readonly isRetryable: boolean;
}

export type JobTable = Readonly<Record<string, JobRow>>;

/** Of a body: the key, and what was expected there. */
export function complaint(key: string, expected: string): ServiceError {
  return new ServiceError('BAD_REQUEST', `${key}: ${expected}`);
}
