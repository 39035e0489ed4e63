import type { FoundUser } from '../../matrix/discovery/user-match.ts';
import { splitStateTuple, stateTuple, type StateTuple } from '../../matrix/event/state-map.ts';
import type { EventId, ServerName, UserId } from '../../matrix/ids/brands.ts';
import type { StateInterval, StateStore } from '../../room/state-store.ts';
import { LRU } from '../lru.ts';
import { cacheBudget } from '../memory-budget.ts';
import { limitText, OPEN, type Sql } from '../sql.ts';

interface Change {
  readonly type: string;
  readonly stateKey: string;
  readonly eventId: string | null;
}

interface OpenInterval {
  readonly eventId: EventId;
  readonly fromPos: number;
}

/** Keys of the current state that a room keeps at hand: those of the rules, and of the members who speak. */
const OPEN_KEPT = 500;

/** A field of a content as text; null where it is none. */
const textAt = (field: string) =>
  `case when json_type(e.json, '$.content.${field}') = 'text' then e.json ->> '$.content.${field}' end`;

/** In memory: a key of the state with an event ID. */
const BYTES_OF_KEY = 300;

/** The tables `state`, `state_groups` and `state_group_changes`. */
export class StateRepository implements StateStore {
  readonly #sql: Sql;
  /** A group never changes once written. */
  readonly #groups = new LRU<number, ReadonlyMap<StateTuple, EventId | undefined>>(64, cacheBudget);
  readonly #open = new LRU<StateTuple, OpenInterval>(OPEN_KEPT, cacheBudget);
  #lastMemberChange: number | undefined;
  readonly #answers = new Map<string, unknown>();
  readonly #changed: () => void;

  /** @param changed is called when a key may have another value now. */
  constructor(sql: Sql, changed: () => void = () => {}) {
    this.#sql = sql;
    this.#changed = changed;
  }

  forget(): void {
    this.#open.clear();
    this.#groups.clear();
    this.#answers.clear();
    this.#lastMemberChange = undefined;
  }

  at(type: string, stateKey: string, pos: number): EventId | undefined {
    const open = this.#openInterval(type, stateKey);
    if (open !== undefined && open.fromPos <= pos) return open.eventId;
    const [row] = this.#sql
      .exec<{ id: string }>(
        `select event_id as id from state where type = ? and state_key = ? and from_pos <= ? and to_pos > ?`,
        type,
        stateKey,
        pos,
        pos,
      )
      .toArray();
    return row?.id as EventId | undefined;
  }

  /** What holds now and since when. Every event asks for the same few keys; an absent one is not kept. */
  #openInterval(type: string, stateKey: string): OpenInterval | undefined {
    const tuple = stateTuple(type, stateKey);
    const cached = this.#open.get(tuple);
    if (cached !== undefined) return cached;
    const [row] = this.#sql
      .exec<{ id: string; from: number }>(
        `select event_id as id, from_pos as "from" from state where type = ? and state_key = ? and to_pos = ?`,
        type,
        stateKey,
        OPEN,
      )
      .toArray();
    if (row === undefined) return undefined;
    const open = { eventId: row.id as EventId, fromPos: row.from };
    this.#open.set(tuple, open, BYTES_OF_KEY);
    return open;
  }

  allAt(pos: number): Map<StateTuple, EventId> {
    const all = new Map<StateTuple, EventId>();
    const rows = this.#sql.exec<{ type: string; key: string; id: string }>(
      'select type, state_key as key, event_id as id from state where from_pos <= ? and to_pos > ?',
      pos,
      pos,
    );
    for (const { type, key, id } of rows) all.set(stateTuple(type, key), id as EventId);
    return all;
  }

  changesBetween(from: number, to: number): Map<StateTuple, EventId | undefined> {
    const changes = new Map<StateTuple, EventId | undefined>();
    const rows = this.#sql.exec<{ type: string; key: string; before: string | null }>(
      `select type, state_key as key, before_event_id as before from stream
       where kind = 'state' and pos > ? and pos <= ? order by pos desc`,
      from,
      to,
    );
    // Newest first, so that the oldest change of a key, which knows its value at `from`, is written last.
    for (const { type, key, before } of rows)
      changes.set(stateTuple(type, key), (before ?? undefined) as EventId | undefined);
    return changes;
  }

  change(
    type: string,
    stateKey: string,
    eventId: EventId | undefined,
    pos: number,
    membership: string | undefined,
  ): void {
    this.#changed();
    if (type === 'm.room.member') {
      this.#answers.clear();
      this.#lastMemberChange = pos;
    }
    this.#open.delete(stateTuple(type, stateKey));
    // The plus keeps SQLite from going through all open intervals of the type: a room has one for each member.
    this.#sql.exec(
      'update state set to_pos = ? where type = ? and state_key = ? and +to_pos = ?',
      pos,
      type,
      stateKey,
      OPEN,
    );
    if (eventId === undefined) return;
    this.#sql.exec(
      'insert into state (type, state_key, from_pos, to_pos, event_id, membership) values (?, ?, ?, ?, ?, ?)',
      type,
      stateKey,
      pos,
      OPEN,
      eventId,
      membership ?? null,
    );
  }

  openAfter(pos: number): void {
    this.#changed();
    this.#answers.clear();
    this.#lastMemberChange = undefined;
    this.#sql.exec(
      `insert into state (type, state_key, from_pos, to_pos, event_id, membership)
       select s.type, s.state_key, s.pos, ?, s.event_id,
         case when s.type = 'm.room.member' and json_type(e.json, '$.content.membership') = 'text'
           then e.json ->> '$.content.membership' end
       from stream s join events e on e.event_id = s.event_id where s.kind = 'state' and s.pos > ?`,
      OPEN,
      pos,
    );
  }

  enter(type: string, stateKey: string, eventId: EventId, fromPos: number, membership: string | undefined): void {
    this.#changed();
    this.#open.delete(stateTuple(type, stateKey));
    if (type === 'm.room.member') {
      this.#answers.clear();
      this.#lastMemberChange = undefined;
    }
    this.#sql.exec(
      `insert into state (type, state_key, from_pos, to_pos, event_id, membership)
       select ?, ?, ?, coalesce((select min(from_pos) from state where type = ? and state_key = ? and from_pos > ?), ?), ?, ?`,
      type,
      stateKey,
      fromPos,
      type,
      stateKey,
      fromPos,
      OPEN,
      eventId,
      membership ?? null,
    );
  }

  group(groupId: number): ReadonlyMap<StateTuple, EventId | undefined> {
    const cached = this.#groups.get(groupId);
    if (cached !== undefined) return cached;
    const changes = new Map<StateTuple, EventId | undefined>();
    const rows = this.#sql.exec<{ type: string; key: string; id: string | null }>(
      'select type, state_key as key, event_id as id from state_group_changes where group_id = ?',
      groupId,
    );
    for (const { type, key, id } of rows) changes.set(stateTuple(type, key), (id ?? undefined) as EventId | undefined);
    this.#groups.set(groupId, changes, changes.size * BYTES_OF_KEY);
    return changes;
  }

  addGroup(basePos: number, changes: ReadonlyMap<StateTuple, EventId | undefined>): number {
    const { id } = this.#sql
      .exec<{ id: number }>('insert into state_groups (base_pos) values (?) returning group_id as id', basePos)
      .one();
    const rows: Change[] = [...changes].map(([tuple, eventId]) => ({
      ...splitStateTuple(tuple),
      eventId: eventId ?? null,
    }));
    this.#sql.exec(
      `insert into state_group_changes (group_id, type, state_key, event_id)
       select ?, value->>'type', value->>'stateKey', value->>'eventId' from json_each(?)`,
      id,
      JSON.stringify(rows),
    );
    this.#groups.set(id, new Map(changes), changes.size * BYTES_OF_KEY);
    return id;
  }

  memberships(userId: string): readonly StateInterval[] {
    return this.#sql
      .exec<{ id: string; from: number; to: number; membership: string | null }>(
        `select event_id as id, from_pos as "from", to_pos as "to", membership from state
         where type = 'm.room.member' and state_key = ? order by from_pos`,
        userId,
      )
      .toArray()
      .map(({ id, from, to, membership }) => ({
        eventId: id as EventId,
        fromPos: from,
        toPos: to,
        membership: membership ?? undefined,
      }));
  }

  membersAt(membership: string, pos: number): readonly { readonly userId: UserId; readonly eventId: EventId }[] {
    return this.#sql
      .exec<{ user: string; id: string }>(
        `select state_key as user, event_id as id from state
         where type = 'm.room.member' and membership = ? and from_pos <= ? and to_pos > ?`,
        membership,
        pos,
        pos,
      )
      .toArray()
      .map(({ user, id }) => ({ userId: user as UserId, eventId: id as EventId }));
  }

  membersAmong<Kind extends string>(
    memberships: readonly Kind[],
    pos: number,
  ): readonly { readonly userId: UserId; readonly membership: Kind }[] {
    return this.#sql
      .exec<{ user: string; membership: string }>(
        `select state_key as user, membership from state
         where type = 'm.room.member' and membership in (select value from json_each(?)) and from_pos <= ? and to_pos > ?`,
        JSON.stringify(memberships),
        pos,
        pos,
      )
      .toArray()
      .map(({ user, membership }) => ({ userId: user as UserId, membership: membership as Kind }));
  }

  *joinedProfiles(pos: number, limit: number): Generator<FoundUser> {
    const rows = this.#sql.exec<{ user: string; name: string | null; avatar: string | null }>(
      `select s.state_key as user, ${textAt('displayname')} as name, ${textAt('avatar_url')} as avatar
       from state s join events e on e.event_id = s.event_id
       where s.type = 'm.room.member' and s.membership = 'join' and s.from_pos <= ? and s.to_pos > ?
       order by s.from_pos limit ?`,
      pos,
      pos,
      limit,
    );
    for (const { user, name, avatar } of rows) {
      yield {
        user_id: user,
        ...(name === null ? {} : { display_name: name }),
        ...(avatar === null ? {} : { avatar_url: avatar }),
      };
    }
  }

  serversAt(pos: number): readonly ServerName[] {
    return this.#overMembers('servers', pos, () =>
      this.#sql
        .exec<{ name: string }>(
          `select distinct substr(state_key, instr(state_key, ':') + 1) as name from state
           where type = 'm.room.member' and membership = 'join' and from_pos <= ? and to_pos > ?`,
          pos,
          pos,
        )
        .toArray()
        .map(({ name }) => name as ServerName),
    );
  }

  usersOfServer(server: ServerName): readonly UserId[] {
    return this.#sql
      .exec<{ user: string }>(
        `select state_key as user from state
         where type = 'm.room.member' and substr(state_key, instr(state_key, ':') + 1) = ?
         group by state_key order by max(case when membership = 'join' then to_pos else 0 end) desc`,
        server,
      )
      .toArray()
      .map(({ user }) => user as UserId);
  }

  localMembersBetween(
    from: number,
    to: number,
  ): readonly { readonly userId: UserId; readonly fromPos: number; readonly toPos: number }[] {
    return this.#sql
      .exec<{ user: string; from: number; to: number }>(
        `select s.state_key as user, s.from_pos as "from", s.to_pos as "to"
         from local_users l join state s on s.state_key = l.user_id
         where s.type = 'm.room.member' and s.membership = 'join' and s.from_pos <= ? and s.to_pos > ?`,
        to,
        from,
      )
      .toArray()
      .map((row) => ({ userId: row.user as UserId, fromPos: row.from, toPos: row.to }));
  }

  shardsAt(pos: number): readonly string[] {
    return this.#overMembers('shards', pos, () =>
      this.#sql
        .exec<{ name: string }>(
          `select distinct l.shard as name from local_users l join state s on s.state_key = l.user_id
           where s.type = 'm.room.member' and s.membership = 'join' and s.from_pos <= ? and s.to_pos > ?`,
          pos,
          pos,
        )
        .toArray()
        .map(({ name }) => name),
    );
  }

  /**
   * An answer over all members, kept until the next change of a membership: rooms may have a hundred thousand
   * members, and every event asks.
   */
  #overMembers<T>(question: string, pos: number, ask: () => T): T {
    this.#lastMemberChange ??= this.#sql
      .exec<{ pos: number | null }>(
        `select max(from_pos) as pos from state where type = 'm.room.member'
         union all select max(to_pos) from state where type = 'm.room.member' and to_pos < ?`,
        OPEN,
      )
      .toArray()
      .reduce((latest, row) => Math.max(latest, row.pos ?? 0), 0);
    const isNewest = pos >= this.#lastMemberChange;
    if (isNewest && this.#answers.has(question)) return this.#answers.get(question) as T;
    const answer = ask();
    if (isNewest) this.#answers.set(question, answer);
    return answer;
  }

  ofTypeAt(type: string, pos: number, limit: number): readonly EventId[] {
    return this.#sql
      .exec<{ id: string }>(
        `select event_id as id from state where type = ? and from_pos <= ? and to_pos > ? order by state_key limit ${limitText(limit)}`,
        type,
        pos,
        pos,
      )
      .toArray()
      .map(({ id }) => id as EventId);
  }

  countMembers(membership: string, pos: number): number {
    return this.#overMembers(
      `count ${membership}`,
      pos,
      () =>
        this.#sql
          .exec<{ n: number }>(
            `select count(*) as n from state
             where type = 'm.room.member' and membership = ? and from_pos <= ? and to_pos > ?`,
            membership,
            pos,
            pos,
          )
          .one().n,
    );
  }

  firstMembers(memberships: readonly string[], pos: number, limit: number): readonly UserId[] {
    return this.#sql
      .exec<{ user: string }>(
        `select state_key as user from state
         where type = 'm.room.member' and membership in (select value from json_each(?)) and from_pos <= ? and to_pos > ?
         order by from_pos limit ${limitText(limit)}`,
        JSON.stringify(memberships),
        pos,
        pos,
      )
      .toArray()
      .map(({ user }) => user as UserId);
  }
}
