import { badJson, invalidRoomState, MatrixError } from '../matrix/error.ts';
import { buildPdu } from '../matrix/event/build.ts';
import type { Pdu } from '../matrix/event/pdu.ts';
import type { EventId, RoomAlias, RoomId, UserId } from '../matrix/ids/brands.ts';
import { canonicalJson } from '../matrix/json/canonical-json.ts';
import type { JsonObject } from '../matrix/json/json-value.ts';
import type { RoomVersionRules } from '../matrix/room-versions/rules.ts';
import type { InitialState } from './initial-events.ts';
import type { Asker, RoomsDeps } from './ports.ts';

const ATTEMPTS = 5;

/** ms since the epoch: the newest `origin_server_ts` that a create event was given here. Another isolate has its own. */
let latestCreation = 0;

/**
 * A timestamp that no other room made here has. The clock stands still within a request, and many requests share a
 * millisecond: in a room version that names the room by its create event, two of one user would be the same room.
 */
function distinctMoment(now: number): number {
  latestCreation = Math.max(now, latestCreation + 1);
  return latestCreation;
}

export interface NewRoom {
  /** Of the create event, without what the room version puts there by itself. */
  readonly creationContent: JsonObject;
  /** What follows the create event. */
  readonly initial: readonly InitialState[];
  readonly alias: RoomAlias | undefined;
}

/**
 * Makes a room: the create event is built here, since from room version 12 on it names the room; all initial events are
 * one transaction in the room's object. Throws `M_ROOM_IN_USE`, `M_INVALID_ROOM_STATE`, `M_BAD_JSON`.
 */
export async function makeRoom(
  deps: RoomsDeps,
  asker: Asker,
  rules: RoomVersionRules,
  { creationContent, initial, alias }: NewRoom,
): Promise<RoomId> {
  for (let attempt = 0; ; attempt += 1) {
    // A room of another isolate may have the moment all the same: the next attempt takes a later one.
    const create = await buildCreateEvent(deps, asker.userId, creationContent, rules, distinctMoment(deps.now()));
    await deps.registry.add(create.roomId, rules.id);
    if (alias !== undefined) await deps.aliases.reserve(alias, create.roomId, asker.userId);
    try {
      await deps.rooms.create({
        roomId: create.roomId,
        roomVersion: rules.id,
        create: { eventId: create.eventId, json: canonicalJson(create.json) },
        creatorShard: asker.shard,
        initial,
      });
    } catch (error) {
      if (alias !== undefined) await deps.aliases.remove(alias);
      if (!(error instanceof MatrixError)) throw error;
      if (error.errcode === 'M_ROOM_IN_USE' && attempt + 1 < ATTEMPTS) continue;
      if (error.errcode === 'M_FORBIDDEN') throw invalidRoomState(error.message);
      throw error;
    }
    if (alias !== undefined) await deps.aliases.activate(alias);
    return create.roomId;
  }
}

async function buildCreateEvent(
  deps: RoomsDeps,
  creator: UserId,
  creationContent: JsonObject,
  rules: RoomVersionRules,
  now: number,
): Promise<Pdu> {
  const roomId = `!${deps.randomId()}:${deps.serverName}` as RoomId;
  const built = buildPdu(
    rules,
    {
      ...(rules.roomIdIsCreateEvent ? {} : { roomId }),
      type: 'm.room.create',
      sender: creator,
      stateKey: '',
      content: { ...creationContent, ...(rules.creatorIsSender ? {} : { creator }), room_version: rules.id },
      prevEvents: [],
      authEvents: [],
      depth: 1,
      originServerTs: now,
      ...(rules.eventId === 'sender'
        ? { eventId: `$${deps.randomId()}:${deps.serverName}` as EventId, referenceHashOf: () => '' }
        : {}),
    },
    deps.serverName,
    await deps.signingKey(),
  );
  if (!built.ok) throw badJson(`creation_content makes no create event: ${built.reason.kind}`);
  return built.value;
}
