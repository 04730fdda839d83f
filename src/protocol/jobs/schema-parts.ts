/**
 * What schemas of bodies are put together from. Pure.
 */
import { Type } from 'typebox';

/** An unknown key is refused, and named. */
export const closed = { additionalProperties: false } as const;

export function text(maxLength: number) {
  return Type.String({ minLength: 1, maxLength });
}

export function ms() {
  return Type.Number({ minimum: 0, maximum: 3_600_000 });
}

/** One of these names. A union of a list that was mapped would have the type `never`. */
export function oneOf<const Names extends readonly string[]>(names: Names) {
  return Type.Unsafe<Names[number]>(Type.Union(names.map((name) => Type.Literal(name))));
}
