import type { Context, MiddlewareHandler } from 'hono';
import * as v from 'valibot';

import { badJson, missingParam, notJson, tooLarge } from '../../matrix/error.ts';
import { isJsonObject, type JsonValue } from '../../matrix/json/json-value.ts';
import { parseJson } from '../../matrix/json/strict-json.ts';

/** Bodies of the client API hold at most one event (65,536 bytes) and what surrounds it. */
const MAX_BODY_BYTES = 1_048_576;
/** Deeper than anything a client has a use for. */
const MAX_BODY_LEVELS = 128;

/** Reads a body as text, at most `maxBytes` of it, whatever Content-Length says. */
export async function readBodyText(request: Request, maxBytes: number): Promise<string> {
  const declared = Number(request.headers.get('content-length') ?? '0');
  if (declared > maxBytes) throw tooLarge(`The body may have at most ${maxBytes} bytes`);
  if (request.body === null) return '';
  const chunks: Uint8Array[] = [];
  let size = 0;
  // Not cancelled where it is too long: the rest may still have to be read (drain-body.ts).
  for await (const chunk of request.body.values({ preventCancel: true })) {
    size += chunk.byteLength;
    if (size > maxBytes) throw tooLarge(`The body may have at most ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.concat(chunks));
  } catch {
    throw notJson('The body is not UTF-8');
  }
}

/** The body as JSON of any shape, numbers kept as they were written. */
export async function readJson(request: Request, maxBytes = MAX_BODY_BYTES): Promise<JsonValue> {
  const parsed = parseJson(await readBodyText(request, maxBytes), MAX_BODY_LEVELS);
  if (!parsed.ok) throw notJson('The body is not JSON');
  return parsed.value;
}

const schemas = new WeakMap<object, v.GenericSchema>();

interface ValidatedJson<Schema extends v.GenericSchema> {
  in: { json: v.InferInput<Schema> };
  out: { json: v.InferOutput<Schema> };
}

/**
 * Parses and validates a request body: `M_NOT_JSON`, `M_BAD_JSON` or `M_MISSING_PARAM`, with the path at fault and
 * never the value. An empty body counts as `{}`. The Content-Type header is not asked for: Client-Server API,
 * "API Standards", makes it optional.
 */
export function jsonBody<Schema extends v.GenericSchema>(
  schema: Schema,
): MiddlewareHandler<object, string, ValidatedJson<Schema>> {
  const handler: MiddlewareHandler<object, string, ValidatedJson<Schema>> = async (c: Context, next) => {
    const text = await readBodyText(c.req.raw, MAX_BODY_BYTES);
    const parsed = parseJson(text === '' ? '{}' : text, MAX_BODY_LEVELS);
    if (!parsed.ok) throw notJson('The body is not JSON');
    c.req.addValidatedData('json', validated(schema, parsed.value) as object);
    await next();
  };
  schemas.set(handler, schema);
  return handler;
}

/** What a handler of a route checks bodies by; `undefined` for one that checks none. */
export const bodySchemaOf = (handler: unknown): v.GenericSchema | undefined =>
  typeof handler === 'function' ? schemas.get(handler) : undefined;

/** The same for a body that was read already. */
export function validated<Schema extends v.GenericSchema>(schema: Schema, body: JsonValue): v.InferOutput<Schema> {
  // A schema of an object lets lists through.
  if (!isJsonObject(body)) throw badJson('The body is no object');
  const checked = v.safeParse(schema, body);
  if (!checked.success) throw bodyFault(checked.issues[0]);
  return checked.output;
}

function bodyFault(issue: v.BaseIssue<unknown>): Error {
  const path = v.getDotPath(issue);
  if (issue.received === 'undefined' && path !== null) return missingParam(`Missing: ${path}`);
  if (issue.type === 'strict_object' && issue.expected === 'never') return badJson(`Unknown: ${path ?? 'a field'}`);
  return badJson(
    path === null ? 'The body has the wrong shape' : `Wrong value at ${path}: expected ${issue.expected ?? 'another'}`,
  );
}
