import { resolveRefs } from '../../../src/room/state/resolve.ts';
import { splitStateTuple, stateTuple, type StateTuple } from '../../../src/matrix/event/state-map.ts';
import type { EventId, RoomId } from '../../../src/matrix/ids/brands.ts';
import type { StoredEvent } from '../../../src/room/store.ts';
import { checkVerdicts } from './check-auth.ts';
import type { SimRoom } from './sim-room.ts';
import type { SimServer } from './sim-server.ts';

type Fault = (what: string) => void;

const namesOf = ({ store }: SimRoom) => new Set<string>(store.state.serversAt(store.stream.head()));
const isLive = (room: SimRoom) => room.isBorn() && room.store.meta.lifecycle() === 'live';

/** Servers that see each other in the room have the same state of it, and nothing of what is new got lost. */
export function checkAgreement(servers: readonly SimServer[], roomId: RoomId, fault: Fault): void {
  for (const [index, one] of servers.entries()) {
    for (const other of servers.slice(index + 1)) {
      const here = one.rooms.get(roomId);
      const there = other.rooms.get(roomId);
      if (here === undefined || there === undefined || !seeEachOther(one, other, roomId)) continue;
      const pair = [
        { name: one.name, room: here },
        { name: other.name, room: there },
      ] as const;
      compareStates(...pair, fault);
      compareEvents(...pair, fault);
    }
  }
}

/** Whether two servers are in the room, and both know it. */
export function seeEachOther(one: SimServer, other: SimServer, roomId: RoomId): boolean {
  const here = one.rooms.get(roomId);
  const there = other.rooms.get(roomId);
  if (here === undefined || there === undefined || !isLive(here) || !isLive(there)) return false;
  return namesOf(here).has(other.name) && namesOf(there).has(one.name);
}

interface Named {
  readonly name: string;
  readonly room: SimRoom;
}

function compareStates(one: Named, other: Named, fault: Fault): void {
  const states = [one, other].map(({ room: { store } }) => store.state.allAt(store.stream.head()));
  const [first = new Map<StateTuple, EventId>(), second = new Map<StateTuple, EventId>()] = states;
  for (const tuple of new Set([...first.keys(), ...second.keys()])) {
    if (first.get(tuple) === second.get(tuple)) continue;
    fault(`${JSON.stringify(tuple)} is ${first.get(tuple)} on ${one.name} and ${second.get(tuple)} on ${other.name}`);
  }
}

/** From where both are in the graph on, both have the same events; soft failure is each server's own matter. */
function compareEvents(one: Named, other: Named, fault: Fault): void {
  for (const [here, there] of [
    [one, other],
    [other, one],
  ] as const) {
    const isEarly = ['1', '2'].includes(there.room.store.meta.roomVersion());
    const frontier = new Set(there.room.store.extremities.forward());
    const hereFrontier = here.room.store.extremities.forward();
    for (const id of frontier) {
      if (hereFrontier.includes(id)) continue;
      const status = here.room.store.events.get(id)?.status;
      fault(`extremity ${id} of ${there.name} is ${status ?? 'unknown'} on ${here.name} (${hereFrontier.join(' ')})`);
    }
    for (const id of graphOf(there.room)) {
      const theirs = there.room.store.events.get(id);
      const ours = here.room.store.events.get(id);
      if (theirs?.after === undefined || ours?.after === undefined) continue;
      if (isEarly && [theirs, ours].some(isRedactedRedaction)) continue;
      if ((theirs.status === 'rejected') !== (ours.status === 'rejected')) {
        fault(
          `${id} is ${theirs.status} on ${there.name} (${theirs.reason}) and ${ours.status} on ${here.name} (${ours.reason})`,
        );
      }
    }
  }
}

/**
 * Room versions 1 and 2 judge a redaction by the `redacts` that redaction itself removes: who is given but the redacted
 * copy of one has to reject it. It is no state and removes nothing, so nothing rests on it.
 */
function isRedactedRedaction({ status, pdu }: StoredEvent): boolean {
  return status === 'rejected' && pdu.type === 'm.room.redaction' && pdu.redacts === undefined;
}

function graphOf({ store }: SimRoom): readonly EventId[] {
  const seen = new Set<EventId>();
  const open = [...store.extremities.forward()];
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    if (seen.has(id)) continue;
    seen.add(id);
    open.push(...(store.events.get(id)?.pdu.prevEvents ?? []));
  }
  return [...seen];
}

/** What holds in every copy of a room by itself. */
export function checkRoom(room: SimRoom, fault: Fault): void {
  if (!isLive(room)) return;
  checkStream(room, fault);
  checkExtremities(room, fault);
  checkVerdicts(room, fault);
}

/** The `state` rows are the state; an event has at most one row. */
function checkStream({ store }: SimRoom, fault: Fault): void {
  const head = store.stream.head();
  const state = new Map<StateTuple, EventId>();
  const shown = new Set<EventId>();
  for (const row of store.stream.range(0, head, head)) {
    if (row.kind === 'event') {
      if (shown.has(row.eventId)) fault(`${row.eventId} has two rows`);
      shown.add(row.eventId);
      const status = store.events.get(row.eventId)?.status;
      if (status !== 'accepted') fault(`${row.eventId} has a row and is ${status}`);
    }
    if (row.kind !== 'state') continue;
    const tuple = stateTuple(row.type, row.stateKey);
    if (state.get(tuple) !== row.before)
      fault(`row ${row.pos} says ${row.before} was before, it was ${state.get(tuple)}`);
    if (row.eventId === undefined) state.delete(tuple);
    else state.set(tuple, row.eventId);
  }
  const current = store.state.allAt(head);
  for (const tuple of new Set([...state.keys(), ...current.keys()])) {
    if (state.get(tuple) !== current.get(tuple)) fault(`rows and state differ in ${JSON.stringify(tuple)}`);
  }
}

/** The current state is that after the forward extremities, and none of them has an accepted child. */
function checkExtremities(room: SimRoom, fault: Fault): void {
  const { store } = room;
  const forward = store.extremities.forward();
  if (forward.length === 0) return fault('the room has no forward extremity');
  for (const id of forward) {
    if (store.events.get(id)?.status !== 'accepted') fault(`extremity ${id} is ${store.events.get(id)?.status}`);
    const child = store.events.children(id).find((childId) => {
      const event = store.events.get(childId);
      return event?.status === 'accepted' && event.after !== undefined;
    });
    if (child !== undefined) fault(`extremity ${id} has an accepted child ${child}`);
  }
  const refs = forward.map((id) => store.events.get(id)?.after).filter((ref) => ref !== undefined);
  if (refs.length < forward.length) return fault('an extremity has no state');
  const { pos, changes } = resolveRefs(room.context(), refs);
  const expected = store.state.allAt(pos);
  for (const [tuple, eventId] of changes) {
    if (eventId === undefined) expected.delete(tuple);
    else expected.set(tuple, eventId);
  }
  const current = store.state.allAt(store.stream.head());
  for (const tuple of new Set([...expected.keys(), ...current.keys()])) {
    const { type, stateKey } = splitStateTuple(tuple);
    if (expected.get(tuple) === current.get(tuple)) continue;
    fault(`${type} ${stateKey} is ${current.get(tuple)}, the extremities say ${expected.get(tuple)}`);
  }
}
