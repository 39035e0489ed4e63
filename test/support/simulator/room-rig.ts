import { createHash } from 'node:crypto';

import { attempt } from '../../../src/durable/turn.ts';
import { signingKeyFromSeed, type SigningKey } from '../../../src/matrix/crypto/ed25519.ts';
import { buildPdu } from '../../../src/matrix/event/build.ts';
import type { Pdu } from '../../../src/matrix/event/pdu.ts';
import type { RoomId, ServerName, UserId } from '../../../src/matrix/ids/brands.ts';
import type { JsonObject } from '../../../src/matrix/json/json-value.ts';
import { roomVersionRules } from '../../../src/matrix/room-versions/versions.ts';
import { createRoom, type InitialEvent } from '../../../src/room/create/create-room.ts';
import { decide } from '../../../src/room/decide/decide.ts';
import type { Verdict } from '../../../src/room/decide/verdict.ts';
import type { RoomContext } from '../../../src/room/room-context.ts';
import { sendEvent, type Sent } from '../../../src/room/send/send-event.ts';
import type { EventDraft } from '../../../src/room/send/build-event.ts';
import { applyMigrations } from '../../../src/storage/apply-migrations.ts';
import { sqlRoomStore, type RoomBounds, type SqlRoomStore } from '../../../src/storage/room-db/room-store.ts';
import type { Sql } from '../../../src/storage/sql.ts';
import { roomMigrations } from './room-migrations.ts';
import { SqliteStorage } from './sqlite-storage.ts';

const keys = new Map<string, SigningKey>();

/** The signing key of a server: the same for the same name, made once. */
export function keyOf(server: string): SigningKey {
  const key = keys.get(server) ?? signingKeyFromSeed('ed25519:1', createHash('sha256').update(server).digest());
  keys.set(server, key);
  return key;
}

/** One server's copy of a room, in Node: the real repositories and decisions over a plain SQLite. */
export class RoomRig {
  readonly storage = new SqliteStorage();
  readonly store: SqlRoomStore;
  readonly serverName: ServerName;
  now = 1_700_000_000_000;
  /** How old messages may get where the room does not say; 0: any. */
  defaultDays = 0;
  #random = 0;

  constructor(serverName: string, bounds?: RoomBounds) {
    this.serverName = serverName as ServerName;
    const sql = this.storage.sql as unknown as Sql;
    applyMigrations(sql as SqlStorage, roomMigrations);
    this.store = sqlRoomStore(sql, bounds, { now: () => this.now, defaultDays: () => this.defaultDays });
  }

  /** One turn, as the object runs it. */
  turn<T>(work: (ctx: RoomContext) => T): T {
    this.now += 1;
    try {
      return this.storage.transactionSync(() =>
        work({
          store: this.store,
          rules: this.store.rules(),
          serverName: this.serverName,
          signingKey: keyOf(this.serverName),
          now: this.now,
          randomId: () => `r${String((this.#random += 1)).padStart(17, '0')}`,
          attempt: (nested) => attempt(this.storage as unknown as DurableObjectStorage, [this.store], nested),
        }),
      );
    } catch (error) {
      this.store.forget();
      throw error;
    }
  }

  create(version: string, creator: UserId, initial: readonly InitialEvent[] = defaultInitial(creator)): Pdu {
    const rules = roomVersionRules(version);
    if (rules === undefined) throw new Error('unknown version');
    const roomId = `!room${version}:${this.serverName}` as RoomId;
    const built = buildPdu(
      rules,
      {
        ...(rules.roomIdIsCreateEvent ? {} : { roomId }),
        type: 'm.room.create',
        sender: creator,
        stateKey: '',
        content: { room_version: version, ...(rules.creatorIsSender ? {} : { creator }) },
        prevEvents: [],
        authEvents: [],
        depth: 1,
        originServerTs: this.now,
        ...(rules.eventId === 'sender'
          ? { eventId: `$create:${this.serverName}` as Pdu['eventId'], referenceHashOf: () => '' }
          : {}),
      },
      this.serverName,
      keyOf(this.serverName),
    );
    if (!built.ok) throw new Error(JSON.stringify(built.reason));
    const create = built.value;
    this.store.meta.set('room_id', create.roomId);
    this.store.meta.set('room_version', version);
    this.store.meta.set('epoch', '1');
    this.turn((ctx) => createRoom(ctx, { create, creatorShard: 's1', initial: rulesInitial(initial, version) }));
    return create;
  }

  send(draft: EventDraft): Sent {
    return this.turn((ctx) => sendEvent(ctx, draft));
  }

  say(sender: UserId, body: string): Sent {
    return this.send({ type: 'm.room.message', sender, content: { msgtype: 'm.text', body } });
  }

  member(sender: UserId, target: UserId, membership: string): Sent {
    return this.send({ type: 'm.room.member', sender, stateKey: target, content: { membership } });
  }

  receive(pdu: Pdu, origin: string, claim?: Pdu['authEvents']): Verdict {
    return this.turn((ctx) =>
      decide(ctx, { pdu, origin: origin as ServerName, provisional: false, ...(claim === undefined ? {} : { claim }) }),
    );
  }

  pdu(eventId: Pdu['eventId']): Pdu {
    const event = this.store.events.get(eventId);
    if (event === undefined) throw new Error(`no event ${eventId}`);
    return event.pdu;
  }
}

function rulesInitial(initial: readonly InitialEvent[], version: string): readonly InitialEvent[] {
  const rules = roomVersionRules(version);
  if (rules?.creatorsArePrivileged !== true) return initial;
  return initial.map((event) =>
    event.type === 'm.room.power_levels' ? { ...event, content: { ...event.content, users: {} } } : event,
  );
}

export function defaultInitial(creator: UserId, joinRule = 'public'): readonly InitialEvent[] {
  const event = (type: string, content: JsonObject, stateKey = ''): InitialEvent => ({ type, stateKey, content });
  return [
    event('m.room.member', { membership: 'join' }, creator),
    event('m.room.power_levels', { users: { [creator]: 100 } }),
    event('m.room.join_rules', { join_rule: joinRule }),
    event('m.room.history_visibility', { history_visibility: 'shared' }),
  ];
}
