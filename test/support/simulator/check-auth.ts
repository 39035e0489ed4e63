import { stateTuple, type StateMap } from '../../../src/matrix/event/state-map.ts';
import type { EventId } from '../../../src/matrix/ids/brands.ts';
import { fullState } from '../../../src/room/state/state-at.ts';
import type { StoredEvent } from '../../../src/room/store.ts';
import { literalAuth, literalAuthEvents, type LiteralEvent, type LiteralVerdict } from '../core/literal-auth.ts';
import type { SimRoom } from './sim-room.ts';

const OUT_OF_BAND = 'out of band';

type Fault = (what: string) => void;

/**
 * What a server decided of each event that it has, judged again by the literal copy of the authorization rules: nothing
 * is accepted that they forbid by the event's auth events or by the state before it, nothing is rejected that they
 * allow, and what is accepted is in the state after it.
 */
export function checkVerdicts(room: SimRoom, fault: Fault): void {
  const { store } = room;
  for (const eventId of room.allEvents()) {
    const event = store.events.get(eventId);
    if (event === undefined || !isJudged(event)) continue;
    const refusal = refusalOf(room, event);
    if (refusal === undefined) continue;
    if (event.status !== 'rejected' && refusal !== 'allowed') {
      fault(`${eventId} is ${event.status} although ${refusal.rejected}`);
    }
    if (event.status === 'rejected' && refusal === 'allowed') {
      fault(`${eventId} is rejected (${event.reason}), and no rule forbids it`);
    }
    if (event.status === 'accepted') checkAfter(room, event, fault);
  }
}

/** Of what was redacted or came redacted only a part is left; a rejected invitation's end is never sent, nor judged. */
function isJudged({ redactedBy, provisional, status, reason }: StoredEvent): boolean {
  return redactedBy === undefined && !provisional && !(status === 'outlier' && reason === OUT_OF_BAND);
}

function checkAfter({ store }: SimRoom, { pdu, after }: StoredEvent, fault: Fault): void {
  const { eventId, type, stateKey } = pdu;
  if (after === undefined || stateKey === undefined) return;
  const held = fullState(store, after).get(stateTuple(type, stateKey));
  if (held !== eventId) fault(`${eventId} is not in the state after it`);
}

/** The first check that fails; `undefined` where an event that it takes is not here. */
function refusalOf(room: SimRoom, event: StoredEvent): LiteralVerdict | undefined {
  const { store } = room;
  const { pdu } = event;
  const version = Number(store.meta.roomVersion());
  const authEvents = pdu.authEvents.map((id) => store.events.get(id));
  if (authEvents.includes(undefined)) return undefined;
  const listed = authEvents.filter((each) => each !== undefined).map(literalOf);
  const createId = store.meta.createEventId();
  const create = createId === undefined ? undefined : literalById(room, createId);
  const isRejected = ({ eventId }: LiteralEvent) => store.events.get(eventId as EventId)?.status === 'rejected';
  const judged = literalOf(event);
  const byList = literalAuthEvents(judged, { version, authEvents: listed, isRejected, create });
  if (byList !== 'allowed') return byList;
  const byAuthEvents = literalAuth(judged, {
    version,
    state: (type, stateKey) => {
      if (version >= 12 && type === 'm.room.create') return create;
      return listed.find(({ json }) => json['type'] === type && json['state_key'] === stateKey);
    },
  });
  if (byAuthEvents !== 'allowed' || event.before === undefined) return byAuthEvents;
  const before: StateMap = fullState(store, event.before);
  return literalAuth(judged, {
    version,
    state: (type, stateKey) => {
      const id = before.get(stateTuple(type, stateKey));
      return id === undefined ? undefined : literalById(room, id);
    },
  });
}

const literalOf = ({ pdu: { eventId, roomId, json } }: StoredEvent): LiteralEvent => ({ eventId, roomId, json });

function literalById({ store }: SimRoom, eventId: EventId): LiteralEvent | undefined {
  const event = store.events.get(eventId);
  return event === undefined ? undefined : literalOf(event);
}
