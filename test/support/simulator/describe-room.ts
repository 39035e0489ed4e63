import type { EventId } from '../../../src/matrix/ids/brands.ts';
import type { SimRoom } from './sim-room.ts';

const short = (eventId: EventId | undefined) => (eventId === undefined ? '–' : eventId.slice(0, 7));

/** One server's copy of a room, line by line, for whoever looks for the reason of a fault. */
export function describeRoom(room: SimRoom): readonly string[] {
  if (!room.isBorn()) return [];
  const { store } = room;
  const head = store.stream.head();
  const lines = [
    `${room.serverName}: ${store.meta.lifecycle()}, head ${head}, forward ${store.extremities.forward().map(short).join(' ')}`,
  ];
  for (const row of store.stream.range(0, head, head)) {
    if (row.kind === 'gap') lines.push(`  ${row.pos} gap`);
    else if (row.kind === 'state') {
      lines.push(`  ${row.pos}   state ${row.type} ${row.stateKey}: ${short(row.before)} → ${short(row.eventId)}`);
    } else lines.push(`  ${row.pos} ${row.kind} ${describeEvent(room, row.eventId)}`);
  }
  const shown = new Set(
    store.stream.range(0, head, head).flatMap((row) => (row.kind === 'event' ? [row.eventId] : [])),
  );
  for (const eventId of room.allEvents()) {
    if (!shown.has(eventId)) lines.push(`  no row ${describeEvent(room, eventId)}`);
  }
  return lines;
}

function describeEvent({ store }: SimRoom, eventId: EventId): string {
  const event = store.events.get(eventId);
  if (event === undefined) return `${short(eventId)} unknown`;
  const { pdu, status, reason, history } = event;
  const what = pdu.type === 'm.room.member' ? `${JSON.stringify(pdu.content['membership'])} ${pdu.stateKey}` : pdu.type;
  const place = history === undefined ? '' : ` at ${history.anchor}/${history.sub}`;
  const edges = pdu.prevEvents.map(short).join(' ');
  return `${short(eventId)} ${status} ${what} by ${pdu.sender}${place} after ${edges}${reason === undefined ? '' : ` (${reason})`}`;
}
