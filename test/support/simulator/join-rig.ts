import type { Pdu } from '../../../src/matrix/event/pdu.ts';
import { eventIdOf } from '../../../src/matrix/event/hashes.ts';
import { pduFromStored } from '../../../src/matrix/event/stored-pdu.ts';
import type { EventId, ServerName, UserId } from '../../../src/matrix/ids/brands.ts';
import { userIdServer } from '../../../src/matrix/ids/user-id.ts';
import { isJsonObject, type JsonObject } from '../../../src/matrix/json/json-value.ts';
import { parseJson } from '../../../src/matrix/json/strict-json.ts';
import { backfill } from '../../../src/room/backfill/backfill.ts';
import { finishJoin } from '../../../src/room/join/finish-join.ts';
import { settleJoin, takeJoinEvents } from '../../../src/room/join/join-events.ts';
import { startJoin } from '../../../src/room/join/join-saga.ts';
import type { JoinEventRow } from '../../../src/room/store.ts';
import { acceptMembership } from '../../../src/room/servers/membership-handshake.ts';
import { joinAnswer } from '../../../src/room/servers/join-answer.ts';
import { fullState } from '../../../src/room/state/state-at.ts';
import { RoomRig } from './room-rig.ts';
import { signPdu } from './sign-pdu.ts';

/** A join as far as the resident has accepted it: the event, the state before it, and what that rests on. */
export interface AcceptedJoin {
  readonly pdu: Pdu;
  readonly state: readonly EventId[];
  readonly events: readonly Pdu[];
}

/** The user's server signs a join, and the resident takes it. */
export function acceptJoin(resident: RoomRig, userId: UserId): AcceptedJoin {
  const pdu = signPdu(resident, {
    type: 'm.room.member',
    sender: userId,
    stateKey: userId,
    content: { membership: 'join' },
  });
  resident.turn((ctx) => acceptMembership(ctx, { pdu, origin: userIdServer(userId), membership: 'join' }));
  const { store } = resident;
  const asked = { origin: userIdServer(userId), eventId: pdu.eventId, omitMembers: false };
  const text = [...joinAnswer(store, resident.serverName, asked)].join('');
  const answer = JSON.parse(text) as {
    readonly state: readonly JsonObject[];
    readonly auth_chain: readonly JsonObject[];
  };
  const read = (json: JsonObject) => {
    const eventId = eventIdOf(store.rules(), json);
    if (!eventId.ok) throw new Error('an answer holds what is no event');
    return pduFromStored(store.rules(), store.meta.roomId(), eventId.value, json);
  };
  const state = answer.state.map(read);
  return { pdu, state: state.map(({ eventId }) => eventId), events: [...answer.auth_chain.map(read), ...state] };
}

/** A server's copy of the resident's room before it is born. */
export function emptyRig(server: string, resident: RoomRig): RoomRig {
  const rig = new RoomRig(server);
  const { meta } = resident.store;
  rig.store.meta.set('room_id', meta.roomId());
  rig.store.meta.set('room_version', meta.roomVersion());
  rig.store.meta.set('epoch', '1');
  return rig;
}

/** @returns the run of the join. */
export function beginJoin(rig: RoomRig, join: AcceptedJoin): number {
  const { sender: userId } = join.pdu;
  const start = { userId, shard: 's1', pdu: join.pdu, server: 'one' as ServerName, left: [], content: {} };
  const run = rig.turn((ctx) => startJoin(ctx, start));
  giveEvents(rig, join, run);
  return run;
}

/** What the resident answers, but for these, of which the key is not to be had. */
export function giveEvents(
  rig: RoomRig,
  { events, state }: AcceptedJoin,
  run: number,
  unverified: readonly EventId[] = [],
): void {
  const isOfState = new Set(state);
  const asGiven = (pdu: Pdu) => ({
    pdu,
    ...(unverified.includes(pdu.eventId) ? { unverified: userIdServer(pdu.sender) } : {}),
  });
  for (const isState of [false, true]) {
    const some = events.filter(({ eventId }) => isOfState.has(eventId) === isState);
    rig.turn((ctx) => takeJoinEvents(ctx, { run, isState, events: some.map(asGiven) }));
  }
}

export function endJoin(rig: RoomRig, { pdu }: AcceptedJoin, run: number): void {
  settle(rig, run);
  rig.turn((ctx) => finishJoin(ctx, { pdu, run }));
}

function settle(rig: RoomRig, run: number): void {
  const read = (row: JoinEventRow) => readPdu(rig, row);
  while (rig.turn((ctx) => settleJoin(ctx, { run, offset: 0, read })).stored > 0);
}

/** An event of a join's answer that waits. */
export function readPdu({ store }: RoomRig, { eventId, json = '' }: JoinEventRow): Pdu {
  const parsed = parseJson(json);
  if (!parsed.ok || !isJsonObject(parsed.value)) throw new Error('no event');
  return pduFromStored(store.rules(), store.meta.roomId(), eventId, parsed.value);
}

/** The copy of another server, which has just entered the room over the resident. */
export function joinedRig(resident: RoomRig, userId: UserId): RoomRig {
  const rig = emptyRig(userIdServer(userId), resident);
  const join = acceptJoin(resident, userId);
  endJoin(rig, join, beginJoin(rig, join));
  return rig;
}

/** Gives the parents of an event at a hole, with the state before them, and no more. */
export const layerByLayer = (rig: RoomRig, resident: RoomRig) => async (holes: readonly EventId[]) => {
  const stored = holes.flatMap((hole) =>
    rig.pdu(hole).prevEvents.flatMap((id) => {
      const before = resident.store.events.get(id)?.before ?? { pos: 0, group: null };
      const claim = [...fullState(resident.store, before).values()];
      return rig.turn((ctx) => backfill(ctx, [resident.pdu(id)], [{ eventId: id, state: claim }]));
    }),
  );
  return stored.length > 0;
};
