import { toClientEvent } from '../../matrix/event/client-event.ts';
import { userIdServer } from '../../matrix/ids/user-id.ts';
import type { EventId, ServerName, UserId } from '../../matrix/ids/brands.ts';
import type { JsonObject } from '../../matrix/json/json-value.ts';
import { invitedState } from '../membership/read-invite.ts';
import { isHeldOutOfBand } from '../membership/out-of-band.ts';
import { hasExpired } from '../retention/has-expired.ts';
import { stateEventId } from '../state/state-at.ts';
import { receiptContent } from './receipt-content.ts';
import { keyReplaced, plain, replacedFields } from './render.ts';
import type { ReceiptRow, RoomStore, StoredEvent, StreamRow, TurnRow } from '../store.ts';

export interface AppserviceQuery {
  /** Positions of another one mean nothing: the answer begins at the head then. */
  readonly epoch: string;
  /** `undefined`: behind the last event that was received before `since` (ms). */
  readonly from: number | undefined;
  readonly since: number;
  /** Who is told. */
  readonly appserviceId: string;
}

export interface AppserviceEvent {
  readonly pos: number;
  readonly sender: UserId;
  /** Of a membership: whose. */
  readonly target: UserId | undefined;
  readonly event: JsonObject;
  /** It was made by a call of who is told. */
  readonly isEcho: boolean;
}

export interface AppserviceRange {
  readonly epoch: string;
  readonly to: number;
  /** In order. */
  readonly events: readonly AppserviceEvent[];
  /** Local users who were joined in the range: from the first position on, before the second. */
  readonly residents: readonly { readonly userId: UserId; readonly fromPos: number; readonly toPos: number }[];
  /** The content of an `m.receipt`: those that came in the range, public and by somebody else than who is told. */
  readonly receipts: JsonObject | undefined;
  /** The same of private ones, of each user for themselves. */
  readonly privateReceipts: readonly { readonly userId: UserId; readonly content: JsonObject }[];
  readonly goesOn: boolean;
}

const RESOLVED = 'eyrie.resolved';
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
  const nothing = {
    epoch,
    to: head,
    events: [],
    residents: [],
    receipts: undefined,
    privateReceipts: [],
    goesOn: false,
  };
  if (query.epoch !== epoch) return nothing;
  const from = query.from ?? store.history.positionBefore(query.since);
  if (from >= head) return nothing;
  const rows = store.stream.range(from, head, MAX_ROWS);
  const events: AppserviceEvent[] = [];
  let to = rows.length < MAX_ROWS ? head : (rows.at(-1)?.pos ?? head);
  let bytes = 0;
  let last = store.stream.lastTurn(from);
  for (const row of rows) {
    const shown = shownBy(store, row, last, serverName);
    if (row.kind === 'event' || row.kind === 'gap') last = row;
    if (shown === undefined) continue;
    const sent = toAppservice(store, { ...shown, pos: row.pos }, { appserviceId: query.appserviceId, now });
    bytes += Buffer.byteLength(JSON.stringify(sent.event));
    if (events.length >= MAX_EVENTS || (events.length > 0 && bytes > MAX_BYTES)) {
      to = row.pos - 1;
      break;
    }
    events.push(sent);
  }
  return {
    epoch,
    to,
    events,
    residents: store.state.localMembersBetween(from, to),
    ...receiptsBetween(store, from, to, query.appserviceId),
    goesOn: to < head,
  };
}

interface Shown {
  readonly event: StoredEvent;
  /** Of a state that stands in no graph, or that a merge has made current: what it took the place of. */
  readonly instead?: { readonly of: EventId | undefined; readonly isResolved: boolean };
}

/**
 * The event that a row of the stream shows: one that was accepted, a membership of a user here that is in no graph, or
 * one that a merge has made the current state again, or now. The state that a join brings along is the room's past.
 */
function shownBy(
  store: RoomStore,
  row: StreamRow,
  last: TurnRow | undefined,
  serverName: ServerName,
): Shown | undefined {
  const event = 'eventId' in row && row.eventId !== undefined ? store.events.get(row.eventId) : undefined;
  if (event === undefined) return undefined;
  if (row.kind === 'event') return hasExpired(store, event) ? undefined : { event };
  if (row.kind !== 'state') return undefined;
  if (isHeldOutOfBand(event)) {
    const isOurs = row.type === 'm.room.member' && userIdServer(row.stateKey as UserId) === serverName;
    return isOurs ? { event, instead: { of: row.before, isResolved: false } } : undefined;
  }
  const isResolved = last?.kind === 'event' && last.eventId !== row.eventId;
  return isResolved ? { event, instead: { of: row.before, isResolved } } : undefined;
}

function toAppservice(
  store: RoomStore,
  { event, instead, pos }: Shown & { readonly pos: number },
  { appserviceId, now }: { readonly appserviceId: string; readonly now: number },
): AppserviceEvent {
  const { pdu } = event;
  const isMembership = pdu.type === 'm.room.member' && pdu.stateKey !== undefined;
  const redaction = event.redactedBy === undefined ? undefined : store.events.get(event.redactedBy);
  const isEcho = event.appservice === appserviceId && instead?.isResolved !== true;
  const shown = toClientEvent(plain(pdu), {
    age: Math.max(0, now - pdu.originServerTs),
    ...(redaction === undefined
      ? {}
      : { redacted_because: toClientEvent(plain(redaction.pdu)), redacted_by: redaction.pdu.eventId }),
    ...(instead === undefined ? replaced(store, event) : byOther(store, instead.of)),
    ...(instead?.isResolved === true ? { [RESOLVED]: true } : {}),
    ...(isMembership && pdu.content['membership'] === 'invite' ? { invite_room_state: invitedState(store, pdu) } : {}),
    ...(isEcho ? echoOf(store, pdu.eventId, appserviceId) : {}),
  });
  return {
    pos,
    sender: pdu.sender,
    target: isMembership ? (pdu.stateKey as UserId) : undefined,
    event: { ...shown } as JsonObject,
    isEcho,
  };
}

/** By which an application service knows what it did itself: told to it alone. */
function echoOf(store: RoomStore, eventId: EventId, appserviceId: string): object {
  const transactionId = store.transactions.ofAppservice(appserviceId, eventId);
  return {
    'eyrie.appservice_id': appserviceId,
    ...(transactionId === undefined ? {} : { transaction_id: transactionId }),
  };
}

/** What came between two positions, but not what the application service put there itself. */
function receiptsBetween(
  store: RoomStore,
  from: number,
  to: number,
  appserviceId: string,
): Pick<AppserviceRange, 'receipts' | 'privateReceipts'> {
  const rows = store.receipts.changedBetween(from, to).filter(({ appservice }) => appservice !== appserviceId);
  const isPrivate = ({ type }: ReceiptRow) => type === 'm.read.private';
  const ofUsers = Map.groupBy(rows.filter(isPrivate), ({ userId }) => userId);
  return {
    receipts: receiptContent(rows.filter((row) => !isPrivate(row))),
    privateReceipts: [...ofUsers].flatMap(([userId, own]) => {
      const content = receiptContent(own);
      return content === undefined ? [] : [{ userId, content }];
    }),
  };
}

/** Source: Client-Server API, "Room Event Format", `UnsignedData`. */
function replaced(store: RoomStore, event: StoredEvent): object {
  const key = keyReplaced(event);
  if (key === undefined) return {};
  const eventId = stateEventId(store, key.before, key.type, key.stateKey);
  return eventId === event.pdu.eventId ? {} : byOther(store, eventId);
}

function byOther(store: RoomStore, eventId: EventId | undefined): object {
  const old = eventId === undefined ? undefined : store.events.get(eventId);
  return old === undefined ? {} : replacedFields(old.pdu);
}
