import { eventIdOf } from '../../matrix/event/hashes.ts';
import type { Pdu } from '../../matrix/event/pdu.ts';
import type { EventId, RoomId, ServerName } from '../../matrix/ids/brands.ts';
import { canonicalJson } from '../../matrix/json/canonical-json.ts';
import type { JsonObject } from '../../matrix/json/json-value.ts';
import type { RoomVersionRules } from '../../matrix/room-versions/rules.ts';
import { roomVersionRules } from '../../matrix/room-versions/versions.ts';
import type { FederationClient } from '../client.ts';
import { backfill } from '../operations/backfill.ts';
import { getState } from '../operations/get-state.ts';

/** The room object, as far as history from before our time goes. */
export interface HistoryRoom {
  frontier(call: { roomId: RoomId }): Promise<{ readonly servers: readonly ServerName[] }>;
  unknownEvents(call: { roomId: RoomId; eventIds: readonly EventId[] }): Promise<readonly EventId[]>;
  storeOutliers(call: {
    roomId: RoomId;
    pdus: readonly { readonly eventId: EventId; readonly json: string }[];
  }): Promise<readonly EventId[]>;
  backfilled(call: {
    roomId: RoomId;
    pdus: readonly { readonly eventId: EventId; readonly json: string }[];
    claim: readonly EventId[];
  }): Promise<boolean>;
}

export interface HistoryDeps {
  readonly serverName: ServerName;
  readonly client: FederationClient;
  readonly rooms: HistoryRoom;
  readonly knownRooms: { versionOf(roomId: RoomId): Promise<string | undefined> };
  readonly pdus: { check(rules: RoomVersionRules, events: readonly JsonObject[]): Promise<readonly Pdu[]> };
}

/** Servers that are asked for one page. */
const MAX_SERVERS = 3;
const MAX_EVENTS = 100;
/** Events per call into the room. */
const BATCH = 500;

/**
 * Fetches what lies below events whose parents we lack, from the servers in the room, one after the other until one has
 * something new (contracts, section 4, "Backfill"). Never rejects: history that nobody gives is not there.
 * @param holes events of ours that name unknown parents.
 * @returns whether something was stored.
 */
export async function fillHistory(
  deps: HistoryDeps,
  roomId: RoomId,
  holes: readonly EventId[],
  limit: number,
): Promise<boolean> {
  try {
    const version = await deps.knownRooms.versionOf(roomId);
    const rules = version === undefined ? undefined : roomVersionRules(version);
    if (rules === undefined) return false;
    const { servers } = await deps.rooms.frontier({ roomId });
    const others = servers.filter((server) => server !== deps.serverName).slice(0, MAX_SERVERS);
    for (const server of others) {
      if (await fillFrom(deps, { roomId, rules, server }, holes, Math.min(limit, MAX_EVENTS))) return true;
    }
    return false;
  } catch {
    return false;
  }
}

interface Asked {
  readonly roomId: RoomId;
  readonly rules: RoomVersionRules;
  readonly server: ServerName;
}

async function fillFrom(deps: HistoryDeps, asked: Asked, holes: readonly EventId[], limit: number): Promise<boolean> {
  const { roomId, rules, server } = asked;
  const answer = await backfill(deps.client, { destination: server, roomId, from: holes, limit: limit + holes.length });
  if (!answer.ok) return false;
  const given = (await deps.pdus.check(rules, answer.value)).filter((pdu) => pdu.roomId === roomId);
  const known = new Set(holes);
  const fresh = given.filter(({ eventId }) => !known.has(eventId));
  if (fresh.length === 0) return false;
  const claim = await claimBelow(deps, asked, fresh);
  return deps.rooms.backfilled({ roomId, pdus: fresh.map(wire), claim });
}

/**
 * The state before the oldest event of a batch, asked once and stored as outliers with its auth chain, which the batch's
 * own auth events are in. Empty where the server does not say.
 */
async function claimBelow(deps: HistoryDeps, { roomId, rules, server }: Asked, batch: readonly Pdu[]) {
  const inBatch = new Set(batch.map(({ eventId }) => eventId));
  const oldest = batch.findLast(({ prevEvents }) => prevEvents.some((id) => !inBatch.has(id)));
  if (oldest === undefined) return storeCreate(deps, roomId, batch);
  const state = await getState(deps.client, { destination: server, roomId, eventId: oldest.eventId });
  if (!state.ok) return [];
  const { state: claimed, authChain } = state.value;
  const events = (await deps.pdus.check(rules, [...authChain, ...claimed])).filter((pdu) => pdu.roomId === roomId);
  await storeAll(deps, roomId, [...events, ...batch.filter(({ stateKey }) => stateKey !== undefined)]);
  const passed = new Set(events.map(({ eventId }) => eventId));
  return claimed.flatMap((json) => {
    const eventId = eventIdOf(rules, json);
    return eventId.ok && passed.has(eventId.value) ? [eventId.value] : [];
  });
}

/** A batch that reaches the beginning of the room brings its own auth events. */
async function storeCreate(deps: HistoryDeps, roomId: RoomId, batch: readonly Pdu[]): Promise<readonly EventId[]> {
  await storeAll(
    deps,
    roomId,
    batch.filter(({ stateKey }) => stateKey !== undefined),
  );
  return [];
}

async function storeAll(deps: HistoryDeps, roomId: RoomId, pdus: readonly Pdu[]): Promise<void> {
  const unknown = new Set(await deps.rooms.unknownEvents({ roomId, eventIds: pdus.map(({ eventId }) => eventId) }));
  const wanted = [
    ...new Map(pdus.filter(({ eventId }) => unknown.has(eventId)).map((pdu) => [pdu.eventId, pdu])).values(),
  ];
  for (let at = 0; at < wanted.length; at += BATCH) {
    await deps.rooms.storeOutliers({ roomId, pdus: wanted.slice(at, at + BATCH).map(wire) });
  }
}

const wire = ({ eventId, json }: Pdu) => ({ eventId, json: canonicalJson(json) });
