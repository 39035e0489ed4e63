import { expect } from 'vitest';

import { aLoggedInUser, ask, type Answer, type TestUser } from './ask.ts';

const v3 = '/_matrix/client/v3';

/** An event as a client gets it. */
export interface ShownEvent {
  readonly event_id: string;
  readonly type: string;
  readonly sender: string;
  readonly state_key?: string;
  readonly content: Record<string, unknown>;
  readonly unsigned?: Record<string, unknown>;
}

interface Shown {
  readonly events: readonly ShownEvent[];
}

/** A room of `/sync`. */
export interface SyncedRoom {
  readonly timeline: Shown & { readonly limited: boolean; readonly prev_batch?: string };
  readonly state: Shown;
  readonly account_data: Shown;
  readonly ephemeral?: Shown;
  readonly summary?: Record<string, unknown>;
  readonly unread_notifications?: { readonly notification_count: number; readonly highlight_count: number };
}

export interface SyncBody {
  readonly next_batch: string;
  readonly account_data?: Shown;
  readonly device_lists?: { readonly changed: readonly string[]; readonly left: readonly string[] };
  readonly to_device?: Shown;
  readonly rooms?: {
    readonly join?: Record<string, SyncedRoom>;
    readonly leave?: Record<string, SyncedRoom>;
    readonly invite?: Record<string, { readonly invite_state: Shown }>;
  };
}

/** A user with a session, and what clients do most. Paths begin behind `/_matrix/client/v3`. */
export interface Client extends TestUser {
  ask(method: string, path: string, body?: unknown): Promise<Answer>;
  /** The same, of a path behind the room's. */
  inRoom(method: string, roomId: string, rest: string, body?: unknown): Promise<Answer>;
  /** @returns the room's ID. */
  create(options?: object): Promise<string>;
  join(roomId: string): Promise<void>;
  /** @returns the event's ID. */
  say(roomId: string, body: string): Promise<string>;
  sync(query?: SyncQuery): Promise<SyncBody>;
  /** Syncs from the same token until an answer is as wanted: what was done reaches the user's shard a moment later. */
  syncUntil(isWanted: (body: SyncBody) => boolean, query?: SyncQuery): Promise<SyncBody>;
}

type SyncQuery = Record<string, string | object>;

export function clientOf(user: TestUser): Client {
  const { token } = user;
  const call = (method: string, path: string, body?: unknown) =>
    ask(method, `${v3}${path}`, { token, ...(body === undefined ? {} : { body }) });
  const inRoom = (method: string, roomId: string, rest: string, body?: unknown) =>
    call(method, `/rooms/${encodeURIComponent(roomId)}/${rest}`, body);
  const done = async (answer: Promise<Answer>) => {
    const { status, body } = await answer;
    expect({ status, body }).toMatchObject({ status: 200 });
    return body;
  };
  const sync = async (query: SyncQuery = {}) => {
    const entries = Object.entries(query).map(([name, value]) => [
      name,
      typeof value === 'string' ? value : JSON.stringify(value),
    ]);
    const body: unknown = await done(call('GET', `/sync?${new URLSearchParams(entries).toString()}`));
    return body as SyncBody;
  };
  return {
    ...user,
    ask: call,
    inRoom,
    create: async (options = { preset: 'public_chat' }) =>
      String((await done(call('POST', '/createRoom', options)))['room_id']),
    join: async (roomId) => void (await done(inRoom('POST', roomId, 'join', {}))),
    say: async (roomId, body) => {
      const path = `send/m.room.message/${crypto.randomUUID()}`;
      return String((await done(inRoom('PUT', roomId, path, { msgtype: 'm.text', body })))['event_id']);
    },
    sync,
    syncUntil: async (isWanted, query) => {
      let body = await sync(query);
      while (!isWanted(body)) {
        // A poll for what comes next waits without a clock.
        await sync({ since: body.next_batch, timeout: '5000' });
        body = await sync(query);
      }
      return body;
    },
  };
}

/** A fresh user with a session. */
export const aClient = async (name?: string): Promise<Client> => clientOf(await aLoggedInUser(name));

export const idsOf = (events: readonly ShownEvent[] | undefined): readonly string[] =>
  (events ?? []).map((event) => event.event_id);

/** Whose memberships stand among events. */
export const membersOf = (events: readonly ShownEvent[] | undefined): readonly string[] =>
  (events ?? []).filter(({ type }) => type === 'm.room.member').map((event) => event.state_key ?? '');
