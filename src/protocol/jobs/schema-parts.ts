/**
 * Parts of which schemas of bodies are made. Pure.
 */
import { Type } from 'typebox';

/** An unknown key is refused, and the complaint names it. */
export const closed = { additionalProperties: false } as const;

export function text(maxLength: number) {
  return Type.String({ minLength: 1, maxLength });
}

export function ms() {
  return Type.Number({ minimum: 0, maximum: 3_600_000 });
}

/** One of these names. A union over a mapped list would have the type `never`. */
export function oneOf<const Names extends readonly string[]>(names: Names) {
  return Type.Unsafe<Names[number]>(Type.Union(names.map((name) => Type.Literal(name))));
}
