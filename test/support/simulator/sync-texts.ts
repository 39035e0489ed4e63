import { deepStrictEqual } from 'node:assert';

import type { JsonObject } from '../../../src/matrix/json/json-value.ts';
import { readSync, type SyncQuery } from '../../../src/room/read/read-sync.ts';
import { readSyncText, type SyncRoomText } from '../../../src/room/read/sync-text.ts';
import type { RoomStore } from '../../../src/room/store.ts';

interface Told {
  readonly timeline: readonly object[];
  readonly state: readonly object[];
}

/** A read with its state in an order of its own: it is a set. */
export function eventsById<T extends Told>(told: T | undefined): T | undefined {
  if (told === undefined) return undefined;
  const idOf = (event: object) => String((event as { readonly event_id: unknown }).event_id);
  return { ...told, state: told.state.toSorted((one, other) => (idOf(one) < idOf(other) ? -1 : 1)) };
}

/** A read with its events as objects. */
export function parsed(text: SyncRoomText) {
  const events = (texts: readonly string[]) => texts.map((event) => JSON.parse(event) as JsonObject);
  return { ...text, timeline: events(text.timeline), state: events(text.state) };
}

/** How often a room prepares itself for its readers meanwhile. */
export function prepares(store: RoomStore, work: () => void): number {
  const { prepared } = store;
  const put = prepared.put.bind(prepared);
  let count = 0;
  prepared.put = (...args) => {
    count += 1;
    put(...args);
  };
  work();
  return count;
}

/** A read as text, and one of the same room from its beginning. @throws where either says something else than events. */
export function readBothWays(store: RoomStore, query: SyncQuery, now: number): SyncRoomText | undefined {
  checked(store, { ...query, from: undefined, lazyLoadMembers: query.to % 2 === 0 }, now);
  return checked(store, query, now);
}

function checked(store: RoomStore, query: SyncQuery, now: number): SyncRoomText | undefined {
  const text = readSyncText(store, query, now);
  const told = text && parsed(text);
  const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value ?? null));
  deepStrictEqual(plain(eventsById(told)), plain(eventsById(readSync(store, query, now))));
  return text;
}
