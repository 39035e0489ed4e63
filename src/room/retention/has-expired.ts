import type { Pdu } from '../../matrix/event/pdu.ts';
import type { RoomStore, StoredEvent } from '../store.ts';

type Store = Pick<RoomStore, 'retention'>;
interface Aging extends Pick<StoredEvent, 'receivedTs' | 'isExpired'> {
  readonly pdu: Pick<Pdu, 'stateKey' | 'originServerTs'>;
}

/**
 * Whether an event is older than messages of the room may be: by what its sender says, but no younger than we have it,
 * so that a time in the future keeps nothing, and what is fetched of the past is as old as it was.
 */
export function isOld({ retention }: Store, { pdu, receivedTs }: Omit<Aging, 'isExpired'>): boolean {
  const horizon = retention.horizon();
  return horizon !== undefined && Math.min(pdu.originServerTs, receivedTs) <= horizon;
}

/** Whether a message has left the room: no client is shown it any more, whether or not its content is still here. */
export function hasExpired(store: Store, event: Aging): boolean {
  return event.pdu.stateKey === undefined && (event.isExpired || isOld(store, event));
}

/**
 * Whether a message has expired by when it came, too: where many of these follow each other, so do those before them.
 * What its sender alone says is old may stand among what is not.
 */
export function isLongGone(store: Store, event: Aging): boolean {
  return hasExpired(store, event) && event.receivedTs <= (store.retention.horizon() ?? event.receivedTs);
}

/**
 * Whether the content of an event goes with its age, and is given to nobody. Redactions keep theirs: other servers that
 * still have what they redact need them.
 */
export function losesContent(store: Store, event: Aging & { readonly pdu: Pick<Pdu, 'type'> }): boolean {
  return event.pdu.type !== 'm.room.redaction' && hasExpired(store, event);
}
