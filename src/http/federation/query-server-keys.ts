// GET /_matrix/key/v2/query/{serverName}, POST /_matrix/key/v2/query (Server-Server API, "Querying Keys Through Another
// Server")
import { Hono, type Context, type MiddlewareHandler } from 'hono';
import * as v from 'valibot';

import type { Notary, NotaryQuery } from '../../federation/notary.ts';
import { invalidParam } from '../../matrix/error.ts';
import { parseServerName } from '../../matrix/ids/server-name.ts';
import { canonicalJson } from '../../matrix/json/canonical-json.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../matrix/json/json-value.ts';
import { JsonObjectSchema } from '../json-object-schema.ts';
import { readJson, validated } from '../middleware/json-body.ts';

const PATH = '/_matrix/key/v2/query';
const MAX_BODY_BYTES = 262_144;
/** Key IDs of one server that are looked for; who names more is answered all the same. */
const MAX_KEY_IDS = 50;

const Body = v.object({ server_keys: JsonObjectSchema });

/** Open to everybody, as our own keys are. */
export const queryServerKeys = ({
  notary,
  limit,
  now,
}: {
  readonly notary: Notary;
  readonly limit: MiddlewareHandler;
  readonly now: () => number;
}) =>
  new Hono()
    .get(`${PATH}/:serverName`, limit, async (c) => {
      const server = parseServerName(c.req.param('serverName'));
      if (!server.ok) throw invalidParam(`The value is ${server.reason}`);
      const minimumValidUntil = timeOf(c.req.query('minimum_valid_until_ts')) ?? now();
      return answered(c, await notary.answer([{ server: server.value, keyIds: [], minimumValidUntil }]));
    })
    .post(PATH, limit, async (c) => {
      const { server_keys: asked } = validated(Body, await readJson(c.req.raw, MAX_BODY_BYTES));
      const queries = Object.entries(asked).flatMap(([name, criteria]) => queryOf(name, criteria, now()));
      return answered(c, await notary.answer(queries));
    });

function answered(c: Context, found: readonly JsonObject[]): Response {
  return c.body(canonicalJson({ server_keys: found }), 200, { 'Content-Type': 'application/json' });
}

function timeOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const time = Number(text);
  if (!/^\d{1,16}$/.test(text) || !Number.isSafeInteger(time)) throw invalidParam('minimum_valid_until_ts is no time');
  return time;
}

/** What is no server name is left out: nobody could be reached under it. */
function queryOf(name: string, criteria: JsonValue | undefined, now: number): readonly NotaryQuery[] {
  const server = parseServerName(name);
  if (!server.ok) return [];
  const keys = Object.entries(isJsonObject(criteria) ? criteria : {}).slice(0, MAX_KEY_IDS);
  const minima = keys.map(([, wish]) => {
    const least = isJsonObject(wish) ? wish['minimum_valid_until_ts'] : undefined;
    return typeof least === 'number' ? least : now;
  });
  const minimumValidUntil = minima.length === 0 ? now : Math.max(...minima);
  return [{ server: server.value, keyIds: keys.map(([keyId]) => keyId), minimumValidUntil }];
}
