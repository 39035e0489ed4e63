import type { Pdu } from '../matrix/event/pdu.ts';
import { erased } from './read/erased.ts';
import { losesContent } from './retention/has-expired.ts';
import { noteArrival } from './retention/sweep.ts';
import type { RoomContext } from './room-context.ts';
import type { StoredEvent } from './store.ts';

/**
 * An event on its way into storage, of which nothing is decided: each step says what it found. A message that is older
 * than messages of the room may be comes without its content.
 */
export function newEvent(ctx: Pick<RoomContext, 'store' | 'now'>, pdu: Pdu): StoredEvent {
  const event: StoredEvent = {
    pdu,
    status: 'outlier',
    provisional: false,
    pos: undefined,
    history: undefined,
    authHeight: authHeightOf(ctx, pdu),
    visibility: undefined,
    redactedBy: undefined,
    isExpired: false,
    before: undefined,
    after: undefined,
    receivedTs: ctx.now,
    relayedFrom: undefined,
    appservice: undefined,
    reason: undefined,
  };
  if (losesContent(ctx.store, event)) return { ...event, pdu: erased(ctx.store, pdu), isExpired: true };
  noteArrival(ctx.store, event);
  return event;
}

/** 0 for an event without auth events, else one more than the highest of them. */
function authHeightOf(ctx: Pick<RoomContext, 'store'>, pdu: Pdu): number {
  let highest = -1;
  for (const id of pdu.authEvents) highest = Math.max(highest, ctx.store.events.get(id)?.authHeight ?? 0);
  return highest + 1;
}
