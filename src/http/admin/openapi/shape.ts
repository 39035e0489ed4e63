/** A JSON Schema, as far as this document needs it. */
export type Shape = { readonly [keyword: string]: unknown };

export const text: Shape = { type: 'string' };
export const integer: Shape = { type: 'integer' };
export const flag: Shape = { type: 'boolean' };
/** Milliseconds since 1970. */
export const time: Shape = { type: 'integer', description: 'milliseconds since 1970' };
export const anything: Shape = {};
/** An object of which nothing is said here. */
export const anyObject: Shape = { type: 'object' };

export const oneOf = (...words: readonly string[]): Shape => ({ type: 'string', enum: words });
export const listOf = (items: Shape): Shape => ({ type: 'array', items });
export const mapOf = (values: Shape): Shape => ({ type: 'object', additionalProperties: values });
export const orNull = (shape: Shape): Shape => ({ anyOf: [shape, { type: 'null' }] });

/** An object that has all of `always`, some of `sometimes`, and nothing else. */
export const object = (
  always: Readonly<Record<string, Shape>>,
  sometimes: Readonly<Record<string, Shape>> = {},
): Shape => ({
  type: 'object',
  properties: { ...always, ...sometimes },
  required: Object.keys(always),
  additionalProperties: false,
});

/** The same for one that has all of another. */
export const extended = (
  { properties, required }: Shape,
  always: Readonly<Record<string, Shape>>,
  sometimes: Readonly<Record<string, Shape>> = {},
): Shape => ({
  ...object(always, sometimes),
  properties: { ...(properties as object), ...always, ...sometimes },
  required: [...(required as readonly string[]), ...Object.keys(always)],
});
