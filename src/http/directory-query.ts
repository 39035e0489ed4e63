import * as v from 'valibot';

import { invalidParam } from '../matrix/error.ts';
import type { DirectoryQuery } from '../rooms/finding/ports.ts';

const MAX_SEARCH = 500;

const limit = v.pipe(v.number(), v.integer(), v.minValue(0));

/** What `POST /publicRooms` takes, of clients and of servers. */
export const DirectoryBody = v.object({
  limit: v.nullish(limit),
  since: v.nullish(v.string()),
  filter: v.nullish(
    v.object({
      generic_search_term: v.nullish(v.string()),
      room_types: v.nullish(v.pipe(v.array(v.nullable(v.string())), v.maxLength(100))),
    }),
  ),
  include_all_networks: v.nullish(v.boolean()),
  third_party_instance_id: v.nullish(v.string()),
});

/** A limit of 0 is none. */
export function directoryQueryOf(body: v.InferOutput<typeof DirectoryBody>): DirectoryQuery {
  const { generic_search_term: search, room_types: roomTypes } = body.filter ?? {};
  return {
    limit: body.limit === 0 ? undefined : (body.limit ?? undefined),
    since: textOf(body.since),
    search: textOf(search?.trim().slice(0, MAX_SEARCH)),
    roomTypes: roomTypes ?? undefined,
    network: textOf(body.third_party_instance_id),
    allNetworks: body.include_all_networks === true,
  };
}

/** The same of the query of `GET /publicRooms`. Throws `M_INVALID_PARAM`. */
export function directoryQueryIn(query: (name: string) => string | undefined): DirectoryQuery {
  const number = query('limit');
  if (number !== undefined && !/^\d{1,15}$/.test(number)) throw invalidParam('limit has a wrong value');
  return directoryQueryOf({
    limit: number === undefined ? undefined : Number(number),
    since: query('since'),
    third_party_instance_id: query('third_party_instance_id'),
    include_all_networks: query('include_all_networks') === 'true',
  });
}

function textOf(text: string | null | undefined): string | undefined {
  return text === '' ? undefined : (text ?? undefined);
}
