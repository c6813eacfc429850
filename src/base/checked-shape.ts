/**
 * What a file may say, described once: the form that is checked where it is read, its JSON Schema, and its TypeScript type.
 */
import * as forms from './form.js';
import { type Fault, type Form, form } from './form.js';
import type { Schema, Shape, ShapeValue } from './shape.js';
import * as shapes from './shape.js';

export interface CheckedShape<T> extends Shape<T> {
  readonly form: Form;
}

export const flag: CheckedShape<boolean> = {
  ...shapes.flag(),
  form: form('true or false', (json) => typeof json === 'boolean'),
};

/** A text that is not empty; `needed` is what it is called. */
export const name = (needed = 'a name'): CheckedShape<string> => ({
  schema: { type: 'string', minLength: 1 },
  form: form(needed, (json) => typeof json === 'string' && json !== ''),
});

export const wholeNumber = (minimum: number, maximum: number): CheckedShape<number> => ({
  schema: { type: 'integer', minimum, maximum },
  form: forms.wholeNumber(minimum, maximum),
});

export const numberFrom = (minimum: number, maximum: number): CheckedShape<number> => ({
  schema: { type: 'number', minimum, maximum },
  form: form(
    `a number from ${minimum} to ${maximum}`,
    (json) => typeof json === 'number' && json >= minimum && json <= maximum,
  ),
});

export const positive = (needed: string): CheckedShape<number> => ({
  schema: { type: 'number', exclusiveMinimum: 0 },
  form: form(needed, (json) => typeof json === 'number' && Number.isFinite(json) && json > 0),
});

/** One value alone. */
export const constant = <const V extends string | number | boolean>(
  value: V,
  needed: string,
): CheckedShape<V> => ({ schema: { const: value }, form: form(needed, (json) => json === value) });

export const oneOf = <const W extends string>(words: readonly W[]): CheckedShape<W> => ({
  ...shapes.oneOf(words),
  form: forms.oneOf(...words),
});

export const listOf = <T>(each: CheckedShape<T>): CheckedShape<readonly T[]> => ({
  ...shapes.listOf(each),
  form: forms.listOf(each.form),
});

/** A list of two. */
export const pairOf = <T>(each: CheckedShape<T>): CheckedShape<readonly [T, T]> => ({
  schema: { type: 'array', items: each.schema, minItems: 2, maxItems: 2 },
  form: (json) =>
    forms.listOf(each.form)(json) ??
    form('a list of two', (list) => (list as readonly unknown[]).length === 2)(json),
});

type EitherOf<S extends readonly CheckedShape<unknown>[]> = ShapeValue<S[number]>;

/** The first that holds; where none does, the fault is that of the last. */
export const either = <const S extends readonly CheckedShape<unknown>[]>(
  ...each: S
): CheckedShape<EitherOf<S>> => ({
  schema: { oneOf: each.map(({ schema }) => schema) },
  form: (json) => {
    let fault: Fault | undefined;
    for (const one of each) {
      fault = one.form(json);
      if (fault === undefined) return undefined;
    }
    return fault;
  },
});

/** What a schema cannot say is checked, too; all faults are in the same words. */
export const called = <T>(
  needed: string,
  shape: CheckedShape<T>,
  holds: (value: T) => boolean = () => true,
): CheckedShape<T> => ({
  ...shape,
  form: form(needed, (json) => shape.form(json) === undefined && holds(json as T)),
});

export const described = <T>(shape: CheckedShape<T>, description: string): CheckedShape<T> => ({
  ...shape,
  schema: { ...shape.schema, description } as Schema,
});

/** A member that an object may lack. */
export const optional = <T>(
  shape: CheckedShape<T>,
): CheckedShape<T | undefined> & { readonly isOptional: true } => ({
  ...shapes.optional(shape),
  form: forms.optional(shape.form),
});

/** An object with these members; another is a mistyped one. */
export function objectOf<const M extends Readonly<Record<string, CheckedShape<unknown>>>>(members: M) {
  const known = forms.objectOf(
    Object.fromEntries(Object.entries(members).map(([key, shape]) => [key, shape.form])),
  );
  const check: Form = (json) => {
    const fault = known(json);
    if (fault !== undefined) return fault;
    const unknown = Object.keys(json as object).find((key) => !Object.hasOwn(members, key));
    return unknown === undefined
      ? undefined
      : { path: [unknown], needed: `one of ${Object.keys(members).join(', ')}`, found: unknown };
  };
  return { ...shapes.objectOf(members), form: check };
}
