// What workspaces and administrators look into: events whatever became of them, and the state around them.
import { notFound } from '../../matrix/error.ts';
import { toClientEvent } from '../../matrix/event/client-event.ts';
import type { Pdu } from '../../matrix/event/pdu.ts';
import { splitStateTuple } from '../../matrix/event/state-map.ts';
import type { EventId, RoomId, UserId } from '../../matrix/ids/brands.ts';
import { canonicalJson } from '../../matrix/json/canonical-json.ts';
import { plainJson } from '../../matrix/json/plain-json.ts';
import { erased, isErasedFor } from './erased.ts';
import { losesContent } from '../retention/has-expired.ts';
import { sightOf } from './sight.ts';
import { fullState } from '../state/state-at.ts';
import type { StateInterval } from '../state-store.ts';
import type { EventStatus, RoomStore, StateRef, StoredEvent } from '../store.ts';

export interface InspectQuery {
  readonly eventId: EventId;
  /** Users of whom one has to see the event; `undefined`: it is looked at for an administrator. */
  readonly viewers: readonly UserId[] | undefined;
}

export interface InspectedEvent {
  readonly roomVersion: string;
  readonly status: EventStatus;
  /** Why it is not accepted. */
  readonly reason: string | undefined;
  /** Milliseconds since the epoch. */
  readonly receivedTs: number;
  /** JSON text: the event as clients or as other servers get it. */
  readonly event: string;
}

/** Users who are looked at for one event. */
const MAX_VIEWERS = 1_000;

/** Throws `M_NOT_FOUND`. */
export function inspectEvent(
  store: RoomStore,
  { format, ...query }: InspectQuery & { readonly format: 'client' | 'pdu' },
): InspectedEvent {
  const event = requireSeen(store, query);
  const { status, reason, receivedTs } = event;
  const shown = shownPdu(store, event, readersOf(store, query.viewers));
  return {
    roomVersion: store.meta.roomVersion(),
    status,
    reason: status === 'accepted' ? undefined : reason,
    receivedTs,
    event: format === 'pdu' ? canonicalJson(shown.json) : clientText(shown),
  };
}

export interface StateQuery extends InspectQuery {
  readonly at: 'before' | 'after';
  readonly type: string | undefined;
  readonly stateKey: string | undefined;
}

/**
 * The state before or after an event, as pieces of JSON text. Throws `M_NOT_FOUND` for an event that is not here or not
 * seen, and with `reason` `state-unknown` where its state is not held; before the first piece, or not at all.
 */
export function stateAround(store: RoomStore, query: StateQuery): Generator<string, void> {
  const event = requireSeen(store, query);
  const ref = query.at === 'before' ? event.before : event.after;
  if (ref === undefined) {
    throw notFound('The state at this event is not held here', { reason: 'state-unknown' });
  }
  return stateAnswer(store, query, ref);
}

/** Events of one piece. */
const PAGE = 100;

function* stateAnswer(
  store: RoomStore,
  { eventId, at, type, stateKey, viewers }: StateQuery,
  ref: StateRef,
): Generator<string, void> {
  const roomId: RoomId = store.meta.roomId();
  yield `${JSON.stringify({ event_id: eventId, room_id: roomId, at }).slice(0, -1)},"state":[`;
  const readers = readersOf(store, viewers);
  const ids = [...fullState(store, ref)].flatMap(([tuple, held]) => {
    const key = splitStateTuple(tuple);
    const isWanted = (type === undefined || key.type === type) && (stateKey === undefined || key.stateKey === stateKey);
    return isWanted ? [held] : [];
  });
  for (let from = 0; from < ids.length; from += PAGE) {
    const texts = ids.slice(from, from + PAGE).flatMap((id) => {
      const event = store.events.get(id);
      return event === undefined ? [] : [clientText(shownPdu(store, event, readers))];
    });
    if (texts.length > 0) yield `${from === 0 ? '' : ','}${texts.join(',')}`;
  }
  yield ']}';
}

function requireSeen(store: RoomStore, { eventId, viewers }: InspectQuery): StoredEvent {
  const event = store.events.get(eventId);
  const isSeen =
    event !== undefined &&
    (viewers === undefined ||
      // State that was fetched because others rest on it: of its own state nothing is known.
      (event.status === 'outlier' && event.pdu.stateKey !== undefined) ||
      viewers.slice(0, MAX_VIEWERS).some((userId) => sightOf(store, userId).maySee(event)));
  if (!isSeen) throw notFound('There is no such event, or none of your users may see it');
  return event;
}

type Readers = readonly (readonly StateInterval[])[];

const readersOf = (store: RoomStore, viewers: readonly UserId[] = []): Readers =>
  viewers.slice(0, MAX_VIEWERS).map((userId) => store.state.memberships(userId));

/** Whose account was erased is erased for administrators too, and what has expired has. */
function shownPdu(store: RoomStore, event: StoredEvent, readers: Readers): Pdu {
  return isErasedFor(store, event, readers) || losesContent(store, event) ? erased(store, event.pdu) : event.pdu;
}

const clientText = (pdu: Pdu): string => JSON.stringify(toClientEvent({ ...pdu, content: plainJson(pdu.content) }));
