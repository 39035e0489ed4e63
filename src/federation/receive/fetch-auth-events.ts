// While a room answers `needs`: auth events that it lacks, with theirs.
import type { EventId } from '../../matrix/ids/brands.ts';
import type { FederationClient } from '../client.ts';
import { checkedPdu, parentsFirst } from './candidates.ts';
import { fetchEvents } from './fetch-missing-events.ts';
import type { RoomDecisions } from './ports.ts';
import { receivePdu, type CheckOutcome, type PduChecks } from './receive-pdu.ts';
import type { ReceivingRoom } from './receiving-room.ts';

/** Events that are fetched besides the parents for one transaction and room (contracts, section 4.2). */
export const MAX_OUTLIERS = 100;

type Checked = Extract<CheckOutcome, { kind: 'checked' }>;

/**
 * Fetches events that the room has not stored and, level by level, their auth events that it has not either; checks
 * them and has them stored as outliers. Event by event: some servers give no auth chain.
 * @returns how many events were fetched; never more than `budget`.
 */
export async function fetchAuthEvents(
  deps: PduChecks & { readonly client: Pick<FederationClient, 'request'>; readonly rooms: RoomDecisions },
  room: ReceivingRoom,
  eventIds: readonly EventId[],
  budget: number,
): Promise<number> {
  const { roomId, rules, origin } = room;
  const found = new Map<EventId, Checked>();
  const asked = new Set<EventId>();
  let open = eventIds;
  while (open.length > 0 && asked.size < budget) {
    const batch = open.slice(0, budget - asked.size);
    for (const id of batch) asked.add(id);
    const level: Checked[] = [];
    for (const json of await fetchEvents(deps.client, origin, batch)) {
      const outcome = await receivePdu(deps, rules, json);
      // An event that nobody asked for is not taken.
      if (outcome.kind !== 'checked' || !batch.includes(outcome.pdu.eventId) || outcome.pdu.roomId !== roomId) continue;
      found.set(outcome.pdu.eventId, outcome);
      level.push(outcome);
    }
    const next = new Set(level.flatMap(({ pdu }) => pdu.authEvents).filter((id) => !asked.has(id)));
    open = next.size === 0 ? [] : await deps.rooms.unknownEvents({ roomId, eventIds: [...next] });
  }
  if (found.size > 0) {
    await deps.rooms.storeOutliers({ roomId, pdus: parentsFirst([...found.values()]).map(checkedPdu) });
  }
  return asked.size;
}
