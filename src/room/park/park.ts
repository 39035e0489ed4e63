// What cannot be decided waits here with its reason, and is taken up when what it lacks arrives (contracts, section 4).
import { pduFromStored } from '../../matrix/event/stored-pdu.ts';
import type { EventId, ServerName } from '../../matrix/ids/brands.ts';
import { isJsonObject } from '../../matrix/json/json-value.ts';
import { parseJson } from '../../matrix/json/strict-json.ts';
import { decide } from '../decide/decide.ts';
import type { RoomContext } from '../room-context.ts';
import type { ParkedRow } from '../store.ts';

export interface ParkInput {
  readonly eventId: EventId;
  /** Canonical JSON without `unsigned`. */
  readonly json: string;
  readonly missing: readonly EventId[];
  /** The server whose key could not be fetched: its signature is not verified yet. */
  readonly unverified?: ServerName;
}

/** Parked events of a room; past it the oldest give way (contracts, section 9). */
const MAX_PARKED = 1_000;

/** Parking what is parked or decided already changes nothing. */
export function park(ctx: RoomContext, origin: ServerName, pdus: readonly ParkInput[]): void {
  const { store } = ctx;
  for (const { eventId, json, missing, unverified } of pdus) {
    if (store.events.get(eventId)?.after !== undefined || store.parked.has(eventId)) continue;
    const reason = unverified === undefined ? 'missing events' : `unverified: the key of ${unverified}`;
    store.parked.put({ eventId, origin, json, reason, missing }, ctx.now);
  }
  store.parked.trim(MAX_PARKED);
}

/** Decides what waited for these events and lacks nothing any more; and what waited for that. */
export function takeUpParked(ctx: RoomContext, arrived: readonly EventId[]): void {
  const { store } = ctx;
  const open = [...arrived];
  for (let eventId = open.pop(); eventId !== undefined; eventId = open.pop()) {
    for (const row of store.parked.waitingFor(eventId)) {
      if (!isReady(ctx, row)) continue;
      const parsed = parseJson(row.json);
      store.parked.remove(row.eventId);
      if (!parsed.ok || !isJsonObject(parsed.value)) continue;
      const pdu = pduFromStored(ctx.rules, store.meta.roomId(), row.eventId, parsed.value);
      const verdict = decide(ctx, { pdu, origin: row.origin, provisional: false });
      if (verdict.kind === 'needs') {
        store.parked.put({ ...row, missing: [...verdict.prev, ...verdict.auth] }, ctx.now);
      } else open.push(row.eventId);
    }
  }
}

/** One whose signature was never verified is not taken up by itself. */
function isReady({ store }: RoomContext, row: ParkedRow): boolean {
  return row.reason === 'missing events' && row.missing.every((id) => store.events.get(id)?.after !== undefined);
}
