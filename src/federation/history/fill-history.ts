import { eventIdOf } from '../../matrix/event/hashes.ts';
import type { Pdu } from '../../matrix/event/pdu.ts';
import type { EventId, RoomId, ServerName } from '../../matrix/ids/brands.ts';
import { canonicalJson } from '../../matrix/json/canonical-json.ts';
import type { JsonObject } from '../../matrix/json/json-value.ts';
import type { RoomVersionRules } from '../../matrix/room-versions/rules.ts';
import { roomVersionRules } from '../../matrix/room-versions/versions.ts';
import type { FederationClient } from '../client.ts';
import { noteRefused, type RefusedRoom } from '../note-refused.ts';
import { backfill } from '../operations/backfill.ts';
import { getState } from '../operations/get-state.ts';

/** The room object, as far as history from before our time goes. */
export interface HistoryRoom extends RefusedRoom {
  frontier(call: { roomId: RoomId }): Promise<{ readonly servers: readonly ServerName[] }>;
  unknownEvents(call: { roomId: RoomId; eventIds: readonly EventId[] }): Promise<readonly EventId[]>;
  storeOutliers(call: {
    roomId: RoomId;
    pdus: readonly { readonly eventId: EventId; readonly json: string }[];
  }): Promise<readonly EventId[]>;
  backfilled(call: {
    roomId: RoomId;
    pdus: readonly { readonly eventId: EventId; readonly json: string }[];
    claims: readonly { readonly eventId: EventId; readonly state: readonly EventId[] }[];
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
/** States that are asked for one batch. */
const MAX_CLAIMS = 5;
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
  if (!answer.ok) {
    await noteRefused(deps.rooms, roomId, server, answer.reason);
    return false;
  }
  const given = (await deps.pdus.check(rules, answer.value)).filter((pdu) => pdu.roomId === roomId);
  const known = new Set(holes);
  const fresh = given.filter(({ eventId }) => !known.has(eventId));
  if (fresh.length === 0) return false;
  const { batch, claims } = await claimsBelow(deps, asked, fresh);
  return deps.rooms.backfilled({ roomId, pdus: batch.map(wire), claims });
}

/**
 * A batch may end in several places: at the bottom of each hole, and in each branch there. The state is asked before each
 * of these events, and holds for it alone. Ends that there are too many of are left for another time.
 */
async function claimsBelow(deps: HistoryDeps, asked: Asked, fresh: readonly Pdu[]) {
  const given = new Set(fresh.map(({ eventId }) => eventId));
  const ends = fresh.filter(({ prevEvents }) => prevEvents.some((id) => !given.has(id)));
  const late = new Set(ends.slice(MAX_CLAIMS));
  const batch = fresh.filter((pdu) => !late.has(pdu));
  const claims = [];
  for (const { eventId } of ends.slice(0, MAX_CLAIMS)) {
    const state = await claimOf(deps, asked, eventId);
    if (state !== undefined) claims.push({ eventId, state });
  }
  // Events of the batch rest on the claims and on each other.
  const stateEvents = batch.filter(({ stateKey }) => stateKey !== undefined);
  await storeAll(deps, asked.roomId, stateEvents);
  return { batch, claims };
}

/** The state before an event, stored as outliers with its auth chain; `undefined` where the server does not say it all. */
async function claimOf(deps: HistoryDeps, { roomId, rules, server }: Asked, eventId: EventId) {
  const state = await getState(deps.client, { destination: server, roomId, eventId });
  if (!state.ok) {
    await noteRefused(deps.rooms, roomId, server, state.reason);
    return undefined;
  }
  const { state: claimed, authChain } = state.value;
  const events = (await deps.pdus.check(rules, [...authChain, ...claimed])).filter((pdu) => pdu.roomId === roomId);
  await storeAll(deps, roomId, events);
  const passed = new Set(events.map((pdu) => pdu.eventId));
  const ids = claimed.map((json) => eventIdOf(rules, json)).map((id) => (id.ok ? id.value : undefined));
  const whole = ids.filter((id) => id !== undefined).filter((id) => passed.has(id));
  return whole.length < ids.length ? undefined : whole;
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
