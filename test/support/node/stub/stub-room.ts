import { authEventTuples } from '../../../../src/matrix/auth/auth-types.ts';
import { buildPdu } from '../../../../src/matrix/event/build.ts';
import { eventIdOf } from '../../../../src/matrix/event/hashes.ts';
import { stateTuple, type StateTuple } from '../../../../src/matrix/event/state-map.ts';
import type { EventId, RoomId, UserId } from '../../../../src/matrix/ids/brands.ts';
import { canonicalJson } from '../../../../src/matrix/json/canonical-json.ts';
import type { JsonObject } from '../../../../src/matrix/json/json-value.ts';
import type { RoomVersionRules } from '../../../../src/matrix/room-versions/rules.ts';
import { rulesOf } from '../../core/rules-of.ts';
import type { TestServer } from '../../core/test-keys.ts';

/** An event of a room of stub servers, as it is sent. */
export interface StubEvent {
  readonly eventId: EventId;
  readonly text: string;
  readonly prevEvents: readonly EventId[];
  readonly depth: number;
}

export interface StubEventDraft {
  readonly type: string;
  readonly sender: UserId;
  readonly stateKey?: string;
  readonly content: JsonObject;
  /** The newest event if left out. */
  readonly prevEvents?: readonly EventId[];
}

interface Member {
  readonly userId: UserId;
  readonly server: TestServer;
}

/** A room of stub servers: signed events, one after the other, and the state after them. */
export class StubRoom {
  readonly rules: RoomVersionRules;
  readonly roomId: RoomId;
  readonly servers: readonly TestServer[];
  /** Members of the stub servers, the creator first. */
  readonly members: readonly Member[] = [];
  readonly #events = new Map<EventId, StubEvent>();
  readonly #state = new Map<StateTuple, EventId>();
  #last: StubEvent | undefined;
  #ts = Date.now() - 3_600_000;

  private constructor(version: string, servers: readonly TestServer[]) {
    const [first] = servers;
    if (first === undefined) throw new Error('a room has a server');
    this.rules = rulesOf(version);
    this.servers = servers;
    const creator = { userId: `@creator:${first.name}` as UserId, server: first };
    const made = this.#build(
      { type: 'm.room.create', sender: creator.userId, stateKey: '', content: { room_version: version } },
      { roomId: undefined, prevEvents: [], server: first },
    );
    this.roomId = `!${made.eventId.slice(1)}` as RoomId;
    this.#append(made, stateTuple('m.room.create', ''));
    this.join(creator);
    this.add({ type: 'm.room.power_levels', sender: creator.userId, stateKey: '', content: { users_default: 0 } });
    this.add({ type: 'm.room.join_rules', sender: creator.userId, stateKey: '', content: { join_rule: 'public' } });
    const visibility = { history_visibility: 'shared' };
    this.add({ type: 'm.room.history_visibility', sender: creator.userId, stateKey: '', content: visibility });
  }

  /**
   * A public room, of a version whose room ID is made of the create event.
   * @param members joined users besides the creator, dealt out to all servers in turn.
   */
  static make(servers: readonly TestServer[], members: number, version = '12'): StubRoom {
    const room = new StubRoom(version, servers);
    for (let index = 0; index < members; index += 1) {
      const server = servers[index % servers.length];
      if (server !== undefined) room.join({ userId: `@user${index}:${server.name}` as UserId, server });
    }
    return room;
  }

  get newest(): StubEvent {
    if (this.#last === undefined) throw new Error('a room has an event');
    return this.#last;
  }

  /** Of the events that there are now. */
  eventIds(): ReadonlySet<string> {
    return new Set(this.#events.keys());
  }

  event(eventId: string): StubEvent | undefined {
    return this.#events.get(eventId as EventId);
  }

  stateEventId(type: string, stateKey: string): EventId | undefined {
    return this.#state.get(stateTuple(type, stateKey));
  }

  /** The current state. */
  state(): ReadonlyMap<StateTuple, EventId> {
    return this.#state;
  }

  join(member: Member): StubEvent {
    (this.members as Member[]).push(member);
    const { userId } = member;
    const content = { membership: 'join', displayname: userId.slice(1, userId.indexOf(':')) };
    return this.add({ type: 'm.room.member', sender: userId, stateKey: userId, content }, member.server);
  }

  /** Makes an event, which becomes the newest. */
  add(draft: StubEventDraft, server = this.#serverOf(draft.sender)): StubEvent {
    const made = this.make(draft, server);
    this.#append(made, draft.stateKey === undefined ? undefined : stateTuple(draft.type, draft.stateKey));
    return made;
  }

  /** Makes an event by the current state without adding it. */
  make(draft: StubEventDraft, server = this.#serverOf(draft.sender)): StubEvent {
    const prevEvents = draft.prevEvents ?? [this.newest.eventId];
    return this.#build(draft, { roomId: this.roomId, prevEvents, server });
  }

  say(sender: UserId, body: string): StubEvent {
    return this.add({ type: 'm.room.message', sender, content: { msgtype: 'm.text', body } });
  }

  /** A join that another server made by our template. */
  take(json: JsonObject): StubEvent {
    const id = eventIdOf(this.rules, json);
    if (!id.ok) throw new Error('the event has no ID');
    const {
      sender,
      prev_events: prevEvents,
      depth,
    } = json as unknown as {
      readonly sender: UserId;
      readonly prev_events: readonly EventId[];
      readonly depth: number;
    };
    const event = { eventId: id.value, text: canonicalJson(json), prevEvents, depth };
    this.#append(event, stateTuple('m.room.member', sender));
    return event;
  }

  /** What an event of this kind has as auth events now. */
  authEventsOf(draft: Pick<StubEventDraft, 'type' | 'sender' | 'stateKey' | 'content'>): readonly EventId[] {
    const { type, sender, stateKey, content } = draft;
    return authEventTuples(this.rules, { type, sender, stateKey, content }).flatMap(
      ([authType, authKey]) => this.stateEventId(authType, authKey) ?? [],
    );
  }

  #serverOf(userId: UserId): TestServer {
    const name = userId.slice(userId.indexOf(':') + 1);
    const found = this.servers.find((server) => server.name === name);
    if (found === undefined) throw new Error(`${userId} is of no stub server`);
    return found;
  }

  #build(
    draft: StubEventDraft,
    { roomId, prevEvents, server }: { roomId: RoomId | undefined; prevEvents: readonly EventId[]; server: TestServer },
  ): StubEvent {
    this.#ts += 1;
    const depth = 1 + Math.max(0, ...prevEvents.map((id) => this.#events.get(id)?.depth ?? this.newest.depth));
    const { prevEvents: _given, ...event } = draft;
    const pdu = buildPdu(
      this.rules,
      {
        ...event,
        ...(roomId === undefined ? {} : { roomId }),
        prevEvents,
        authEvents: this.authEventsOf(draft),
        depth,
        originServerTs: this.#ts,
      },
      server.name,
      server.signingKey,
    );
    if (!pdu.ok) throw new Error(pdu.reason.kind);
    return { eventId: pdu.value.eventId, text: canonicalJson(pdu.value.json), prevEvents, depth };
  }

  #append(event: StubEvent, tuple: StateTuple | undefined): void {
    this.#events.set(event.eventId, event);
    if (tuple !== undefined) this.#state.set(tuple, event.eventId);
    this.#last = event;
  }
}
