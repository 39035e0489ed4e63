import type { AuthState } from '../../../src/matrix/auth/auth-state.ts';
import { authEventTuples } from '../../../src/matrix/auth/auth-types.ts';
import type { Pdu, PduSource } from '../../../src/matrix/event/pdu.ts';
import { stateTuple } from '../../../src/matrix/event/state-map.ts';
import type { StateMap, StateTuple } from '../../../src/matrix/event/state-map.ts';
import type { EventId, RoomId, UserId } from '../../../src/matrix/ids/brands.ts';
import type { JsonObject, JsonValue } from '../../../src/matrix/json/json-value.ts';
import type { RoomVersionRules } from '../../../src/matrix/room-versions/rules.ts';
import { aPdu } from './a-pdu.ts';
import type { EventDraft } from './a-pdu.ts';
import { alice } from './a-user.ts';
import { rulesOf } from './rules-of.ts';

export interface RoomOptions {
  /** `11` if left out. */
  readonly version?: string;
  /** Alice if left out. */
  readonly creator?: UserId;
  /** `invite` if left out; `null`: no join rules event. */
  readonly joinRule?: string | null;
  /** Level 100 for the creator (none in version 12, where creators need none) if left out; `null`: no such event. */
  readonly powerLevels?: JsonObject | null;
  /** Further content of the create event. */
  readonly createContent?: JsonObject;
}

/**
 * A room with a create event, its creator's join, power levels and join rules: a straight line of events, each after
 * the one before. Rooms of equal options are equal, event IDs included.
 */
export function aRoom(options: RoomOptions = {}): RoomBuilder {
  const { version = '11', creator = alice, joinRule = 'invite', powerLevels, createContent } = options;
  const rules = rulesOf(version);
  const create = aCreateEvent(rules, creator, createContent);
  let room = new RoomBuilder(rules, create, [], new Map()).with(create);
  room = room.withMember(creator, 'join');
  if (powerLevels !== null) {
    room = powerLevels === undefined ? room.withUserLevels({}) : room.withPowerLevels(powerLevels);
  }
  return joinRule === null ? room : room.withJoinRule(joinRule);
}

export function aCreateEvent(
  rules: RoomVersionRules,
  creator: UserId,
  content: JsonObject = {},
  draft: Partial<EventDraft> = {},
): Pdu {
  const server = creator.slice(creator.indexOf(':') + 1);
  return aPdu(rules, {
    type: 'm.room.create',
    sender: creator,
    stateKey: '',
    roomId: `!room:${server}` as RoomId,
    content: { room_version: rules.id, ...(rules.creatorIsSender ? {} : { creator }), ...content },
    ...draft,
  });
}

/** A room as tests put it together. Immutable: each `with…` returns a room that has one event more. */
export class RoomBuilder {
  readonly rules: RoomVersionRules;
  readonly create: Pdu;
  /** Every event of the room, oldest first. */
  readonly events: readonly Pdu[];
  readonly #current: ReadonlyMap<StateTuple, Pdu>;

  constructor(rules: RoomVersionRules, create: Pdu, events: readonly Pdu[], current: ReadonlyMap<StateTuple, Pdu>) {
    this.rules = rules;
    this.create = create;
    this.events = events;
    this.#current = current;
  }

  get roomId(): RoomId {
    return this.create.roomId;
  }

  /** The current state, to judge events by. */
  readonly state: AuthState = (type, stateKey) => this.#current.get(stateTuple(type, stateKey));

  /** The current state as event IDs. */
  get stateMap(): StateMap {
    return new Map(Array.from(this.#current, ([tuple, { eventId }]) => [tuple, eventId]));
  }

  readonly source: PduSource = (eventId) => this.events.find((event) => event.eventId === eventId);

  /** The auth events of an event of this room, those that are in it. */
  authEventsOf(event: Pdu): readonly Pdu[] {
    return event.authEvents.map((id) => this.source(id)).filter((found) => found !== undefined);
  }

  /** The room as it was when it had its first `length` events. */
  at(length: number): RoomBuilder {
    const none = new RoomBuilder(this.rules, this.create, [], new Map());
    return this.events.slice(0, length).reduce((room: RoomBuilder, event) => room.with(event), none);
  }

  // --- putting it together; no rule is asked whether the event is allowed ---

  /** Appends an event; a state event enters the current state. */
  with(event: Pdu): RoomBuilder {
    const current = new Map(this.#current);
    if (event.stateKey !== undefined) current.set(stateTuple(event.type, event.stateKey), event);
    return new RoomBuilder(this.rules, this.create, [...this.events, event], current);
  }

  /** Takes a key out of the current state, as if it had never been there. */
  without(type: string, stateKey: string): RoomBuilder {
    const current = new Map(this.#current);
    current.delete(stateTuple(type, stateKey));
    return new RoomBuilder(this.rules, this.create, this.events, current);
  }

  /** @param sender the creator if left out. */
  withState(type: string, stateKey: string, content: JsonObject, sender: UserId = this.create.sender): RoomBuilder {
    return this.with(this.event({ type, stateKey, content, sender }));
  }

  /** @param sender the user itself for `join` and `knock`, else the creator, if left out. */
  withMember(user: UserId, membership: string, sender?: UserId, content: JsonObject = {}): RoomBuilder {
    const own = membership === 'join' || membership === 'knock';
    return this.with(this.memberEvent(sender ?? (own ? user : this.create.sender), user, membership, content));
  }

  withJoined(...users: readonly UserId[]): RoomBuilder {
    return users.reduce((room: RoomBuilder, user) => room.withMember(user, 'join'), this);
  }

  withPowerLevels(content: JsonObject): RoomBuilder {
    return this.withState('m.room.power_levels', '', content);
  }

  /** Power levels that leave the creator above everybody, with these levels of other users and this further content. */
  withUserLevels(users: Readonly<Record<string, JsonValue>>, content: JsonObject = {}): RoomBuilder {
    return this.withPowerLevels({ users: { ...this.creatorLevel, ...users }, ...content });
  }

  /** What `users` says of the creator: nothing in versions in which it must not. */
  get creatorLevel(): Readonly<Record<string, number>> {
    return this.rules.creatorsArePrivileged ? {} : { [this.create.sender]: 100 };
  }

  withJoinRule(joinRule: string, content: JsonObject = {}): RoomBuilder {
    return this.withState('m.room.join_rules', '', { join_rule: joinRule, ...content });
  }

  // --- events that come next; they are not appended ---

  /** An event after the last one, with the auth events that the current state gives it. */
  event(draft: EventDraft): Pdu {
    const last = this.events.at(-1);
    const { type, sender, stateKey, content = {} } = draft;
    return aPdu(this.rules, {
      roomId: this.roomId,
      prevEvents: last === undefined ? [] : [last.eventId],
      authEvents: this.#authEvents({ type, sender, stateKey, content }),
      depth: (last?.depth ?? 0) + 1,
      ...draft,
    });
  }

  memberEvent(sender: UserId, target: string, membership: string, content: JsonObject = {}): Pdu {
    return this.event({ type: 'm.room.member', sender, stateKey: target, content: { membership, ...content } });
  }

  joinOf(user: UserId, content: JsonObject = {}): Pdu {
    return this.memberEvent(user, user, 'join', content);
  }

  messageOf(sender: UserId, body = 'hello'): Pdu {
    return this.event({ type: 'm.room.message', sender, content: { msgtype: 'm.text', body } });
  }

  powerLevelsBy(sender: UserId, content: JsonObject): Pdu {
    return this.event({ type: 'm.room.power_levels', sender, stateKey: '', content });
  }

  #authEvents(event: Pick<Pdu, 'type' | 'sender' | 'stateKey' | 'content'>): readonly EventId[] {
    return authEventTuples(this.rules, event)
      .map(([type, stateKey]) => this.state(type, stateKey)?.eventId)
      .filter((id) => id !== undefined);
  }
}
