/**
 * The shape of a JSON document that is no list of a relation's records, described once: its schema is made from the description, and
 * its TypeScript type is that of the values that the description takes.
 */

/** A JSON Schema. */
export type Schema = { readonly [key: string]: unknown };

export interface Shape<T> {
  readonly schema: Schema;
  /** Left out of an object where it is not known. */
  readonly isOptional?: true;
  /** Only for the type: no shape has it. */
  readonly value?: T;
}

/** The type of what has a shape. */
export type ShapeValue<S> = S extends Shape<infer T> ? T : never;

const described = (schema: Schema, description: string | undefined): Schema =>
  description === undefined ? schema : { ...schema, description };

const simple =
  <T>(schema: Schema) =>
  (description?: string): Shape<T> => ({ schema: described(schema, description) });

export const text = simple<string>({ type: 'string' });
export const time = simple<string>({ type: 'string', format: 'date-time' });
export const wholeNumber = simple<number>({ type: 'integer', minimum: 0 });
export const aNumber = simple<number>({ type: 'number' });
export const flag = simple<boolean>({ type: 'boolean' });
export const scalar = simple<string | number | boolean | null>({
  type: ['string', 'number', 'boolean', 'null'],
});

/** One of some words. */
export const oneOf = <const W extends string>(words: readonly W[], description?: string): Shape<W> => ({
  schema: described({ enum: words }, description),
});

/** A value, or null. */
export function orNull<T>({ schema }: Shape<T>): Shape<T | null> {
  if ('enum' in schema) return { schema: { ...schema, enum: [...(schema.enum as readonly string[]), null] } };
  const types = Array.isArray(schema.type) ? schema.type : [schema.type];
  return { schema: { ...schema, type: [...types, 'null'] } };
}

/** A value of one of two shapes. */
export function either<A, B>(a: Shape<A>, b: Shape<B>, description?: string): Shape<A | B> {
  return { schema: described({ type: [a.schema.type, b.schema.type] }, description) };
}

export const listOf = <T>({ schema }: Shape<T>, description?: string): Shape<readonly T[]> => ({
  schema: described({ type: 'array', items: schema }, description),
});

/** Values by names that are not known beforehand. */
export const byName = <T>(
  { schema }: Shape<T>,
  description?: string,
): Shape<Readonly<Record<string, T>>> => ({
  schema: described({ type: 'object', additionalProperties: schema }, description),
});

/** A member that an object may lack. */
export const optional = <T>(shape: Shape<T>): Shape<T | undefined> & { readonly isOptional: true } => ({
  schema: shape.schema,
  isOptional: true,
});

type ShapeMembers = Readonly<Record<string, Shape<unknown>>>;
type OptionalOf<M extends ShapeMembers> = {
  [K in keyof M]: M[K] extends { readonly isOptional: true } ? K : never;
}[keyof M];
type ObjectOf<M extends ShapeMembers> = {
  readonly [K in Exclude<keyof M, OptionalOf<M>>]: ShapeValue<M[K]>;
} & {
  readonly [K in OptionalOf<M>]?: ShapeValue<M[K]>;
};

export const objectOf = <const M extends ShapeMembers>(
  members: M,
  description?: string,
): Shape<ObjectOf<M>> => ({
  schema: described(
    {
      type: 'object',
      required: Object.entries(members).flatMap(([name, { isOptional }]) => (isOptional ? [] : [name])),
      properties: Object.fromEntries(Object.entries(members).map(([name, { schema }]) => [name, schema])),
      additionalProperties: false,
    },
    description,
  ),
});
