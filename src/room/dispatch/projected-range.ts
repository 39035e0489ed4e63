import { summaryStateTypes } from '../../matrix/discovery/room-summary.ts';
import { userIdServer } from '../../matrix/ids/user-id.ts';
import type { Pdu } from '../../matrix/event/pdu.ts';
import type { ServerName, UserId } from '../../matrix/ids/brands.ts';
import { directoryEntry } from '../find/directory-entry.ts';
import { isHeldOutOfBand } from '../membership/out-of-band.ts';
import { namedMedia } from '../named-media.ts';
import type { RoomStore, StreamRow } from '../store.ts';
import { streamRows } from './stream-rows.ts';

const MAX_EVENTS = 50;

/** What a range of the stream means to the projection in D1: at most 50 events; `to` is where the reading ended. */
export function projectedRange(store: RoomStore, from: number, to: number, serverName: ServerName) {
  const roomId = store.meta.roomId();
  const events = [];
  const memberships = [];
  const redacted = [];
  let end = to;
  let isChanged = false;
  for (const row of streamRows(store, from, to)) {
    isChanged ||= mayChangeEntry(row);
    const pdu = projectedPdu(store, row, serverName);
    if (pdu !== undefined && events.length === MAX_EVENTS) {
      end = row.pos - 1;
      break;
    }
    if (pdu !== undefined) events.push(projectedEvent(pdu, row, serverName));
    if (row.kind === 'redacted') redacted.push(redactedEvent(store, row));
    else if (isOwnMembership(row, serverName)) {
      memberships.push({ roomId, userId: row.stateKey, membership: membershipIn(store, row), pos: row.pos });
    }
  }
  const summary = isChanged ? directoryEntry(store) : undefined;
  return { roomId, to: end, events, memberships, redacted, summary };
}

type StateRow = Extract<StreamRow, { kind: 'state' }>;

const isOwnMembership = (row: StreamRow, serverName: ServerName): row is StateRow =>
  row.kind === 'state' && row.type === 'm.room.member' && userIdServer(row.stateKey as UserId) === serverName;

/** The event that a row tells of: of a room that we are not in no row tells of a membership but that of the state. */
function projectedPdu(store: RoomStore, row: StreamRow, serverName: ServerName): Pdu | undefined {
  if (row.kind === 'event') return store.events.get(row.eventId)?.pdu;
  if (!isOwnMembership(row, serverName) || row.eventId === undefined) return undefined;
  const held = store.events.get(row.eventId);
  return held !== undefined && isHeldOutOfBand(held) ? held.pdu : undefined;
}

function projectedEvent(pdu: Pdu, { kind, pos }: StreamRow, serverName: ServerName) {
  const { eventId, roomId, type, sender, originServerTs, content } = pdu;
  const media = kind === 'event' ? { media: namedMedia(content, serverName) } : {};
  return { eventId, roomId, pos, type, sender, originServerTs, ...media };
}

/** A join over another server brings a state whose keys have no rows, and what was redacted may be the name. */
function mayChangeEntry(row: StreamRow): boolean {
  return row.kind === 'state' ? summaryStateTypes.has(row.type) : row.kind !== 'event';
}

function redactedEvent(store: RoomStore, { eventId, media }: Extract<StreamRow, { kind: 'redacted' }>) {
  const pdu = store.events.get(eventId)?.pdu;
  // A member event names the avatar of a user, who still has it.
  const isMember = pdu === undefined || pdu.type === 'm.room.member';
  return { eventId, sender: pdu?.sender ?? '', media: isMember ? [] : media };
}

function membershipIn(store: RoomStore, { eventId }: StateRow): string {
  const content = eventId === undefined ? undefined : store.events.get(eventId)?.pdu.content;
  return typeof content?.['membership'] === 'string' ? content['membership'] : 'leave';
}
