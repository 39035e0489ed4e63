import { toClientEvent } from '../../matrix/event/client-event.ts';
import { userIdServer } from '../../matrix/ids/user-id.ts';
import type { ServerName, UserId } from '../../matrix/ids/brands.ts';
import type { JsonObject } from '../../matrix/json/json-value.ts';
import { plainJson } from '../../matrix/json/plain-json.ts';
import { invitedState } from '../membership/read-invite.ts';
import { isHeldOutOfBand } from '../membership/out-of-band.ts';
import { stateEventId } from '../state/state-at.ts';
import { receiptContent } from './receipt-content.ts';
import type { RoomStore, StoredEvent, StreamRow } from '../store.ts';

export interface AppserviceQuery {
  /** Positions of another one mean nothing: the answer begins at the head then. */
  readonly epoch: string;
  /** `undefined`: behind the last event that was received before `since` (ms). */
  readonly from: number | undefined;
  readonly since: number;
}

export interface AppserviceEvent {
  readonly pos: number;
  readonly sender: UserId;
  /** Of a membership: whose. */
  readonly target: UserId | undefined;
  readonly event: JsonObject;
}

export interface AppserviceRange {
  readonly epoch: string;
  readonly to: number;
  /** In order. */
  readonly events: readonly AppserviceEvent[];
  /** Local users who were joined in the range: from the first position on, before the second. */
  readonly residents: readonly { readonly userId: UserId; readonly fromPos: number; readonly toPos: number }[];
  /** The content of an `m.receipt`: those that came in the range. */
  readonly receipts: JsonObject | undefined;
  readonly goesOn: boolean;
}

const MAX_ROWS = 500;
const MAX_EVENTS = 100;
/** One event may pass it, and be 64 KiB and as much again of what it replaced. */
const MAX_BYTES = 500_000;

/**
 * What became visible in a room behind a position, for who sees all of it: an application service, which looks itself for
 * what concerns it. Memberships of a room that we are not in are part of it.
 */
export function readForAppservice(
  store: RoomStore,
  query: AppserviceQuery,
  { serverName, now }: { readonly serverName: ServerName; readonly now: number },
): AppserviceRange {
  const epoch = store.meta.epoch();
  const head = store.stream.head();
  const nothing = { epoch, to: head, events: [], residents: [], receipts: undefined, goesOn: false };
  if (query.epoch !== epoch) return nothing;
  const from = query.from ?? store.history.positionBefore(query.since);
  if (from >= head) return nothing;
  const rows = store.stream.range(from, head, MAX_ROWS);
  const events: AppserviceEvent[] = [];
  let to = rows.length < MAX_ROWS ? head : (rows.at(-1)?.pos ?? head);
  let bytes = 0;
  for (const row of rows) {
    const event = shownBy(store, row, serverName);
    if (event === undefined) continue;
    const sent = toAppservice(store, row.pos, event, now);
    bytes += Buffer.byteLength(JSON.stringify(sent.event));
    if (events.length >= MAX_EVENTS || (events.length > 0 && bytes > MAX_BYTES)) {
      to = row.pos - 1;
      break;
    }
    events.push(sent);
  }
  const receipts = receiptContent(store.receipts.changedBetween(from, to));
  return { epoch, to, events, residents: store.state.localMembersBetween(from, to), receipts, goesOn: to < head };
}

/** The event that a row of the stream shows: one that was accepted, or a membership of a user here that is in no graph. */
function shownBy(store: RoomStore, row: StreamRow, serverName: ServerName): StoredEvent | undefined {
  if (row.kind === 'event') return store.events.get(row.eventId);
  if (row.kind !== 'state' || row.type !== 'm.room.member' || row.eventId === undefined) return undefined;
  if (userIdServer(row.stateKey as UserId) !== serverName) return undefined;
  const event = store.events.get(row.eventId);
  return event !== undefined && isHeldOutOfBand(event) ? event : undefined;
}

function toAppservice(store: RoomStore, pos: number, event: StoredEvent, now: number): AppserviceEvent {
  const { pdu } = event;
  const isMembership = pdu.type === 'm.room.member' && pdu.stateKey !== undefined;
  const redaction = event.redactedBy === undefined ? undefined : store.events.get(event.redactedBy);
  const content = plainJson(pdu.content);
  const shown = toClientEvent(content === pdu.content ? pdu : { ...pdu, content }, {
    age: Math.max(0, now - pdu.originServerTs),
    ...(redaction === undefined
      ? {}
      : { redacted_because: toClientEvent(redaction.pdu), redacted_by: redaction.pdu.eventId }),
    ...replaced(store, event),
    ...(isMembership && pdu.content['membership'] === 'invite' ? { invite_room_state: invitedState(store, pdu) } : {}),
  });
  return {
    pos,
    sender: pdu.sender,
    target: isMembership ? (pdu.stateKey as UserId) : undefined,
    event: { ...shown } as JsonObject,
  };
}

/** Source: Client-Server API, "Room Event Format", `UnsignedData`. */
function replaced(store: RoomStore, { pdu, before, redactedBy }: StoredEvent): object {
  if (pdu.stateKey === undefined || before === undefined || redactedBy !== undefined) return {};
  const eventId = stateEventId(store, before, pdu.type, pdu.stateKey);
  const old = eventId === undefined || eventId === pdu.eventId ? undefined : store.events.get(eventId);
  if (old === undefined) return {};
  return { prev_content: plainJson(old.pdu.content), replaces_state: old.pdu.eventId, prev_sender: old.pdu.sender };
}
