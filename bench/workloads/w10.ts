import { authEventTuples } from '../../src/matrix/auth/auth-types.ts';
import type { Pdu } from '../../src/matrix/event/pdu.ts';
import { stateTuple, type StateMap, type StateTuple } from '../../src/matrix/event/state-map.ts';
import type { EventId, RoomId, UserId } from '../../src/matrix/ids/brands.ts';
import type { JsonObject } from '../../src/matrix/json/json-value.ts';
import type { RoomVersionRules } from '../../src/matrix/room-versions/rules.ts';
import { authChainByChildren } from '../../src/matrix/state-res/auth-chain-by-children.ts';
import { authHeights } from '../../src/matrix/state-res/auth-heights.ts';
import type { ResolveInput } from '../../src/matrix/state-res/resolve-input.ts';
import { resolveFullStates, resolveState } from '../../src/matrix/state-res/resolve-state.ts';
import { WorkBudget } from '../../src/matrix/state-res/work-budget.ts';
import { aPdu } from '../../test/support/core/a-pdu.ts';
import { rulesOf } from '../../test/support/core/rules-of.ts';
import { type Progress, type RunOptions, type Section, table } from '../harness/workload.ts';

const admin = '@admin:one.test' as UserId;

interface Fork {
  readonly rules: RoomVersionRules;
  readonly events: ReadonlyMap<EventId, Pdu>;
  readonly base: StateMap;
  /** What each of the two branches changed. */
  readonly changes: readonly ReadonlyMap<StateTuple, EventId>[];
}

/** A room of `members` joined users, each of whose first `conflicts` changed their profile on both of two branches. */
class ForkBuilder {
  readonly rules: RoomVersionRules;
  readonly events = new Map<EventId, Pdu>();
  readonly #byTuple = new Map<StateTuple, Pdu>();
  #roomId = '!room:one.test' as RoomId;

  constructor(version: string) {
    this.rules = rulesOf(version);
    const create = this.#event(admin, 'm.room.create', '', { room_version: version }, new Map());
    this.#roomId = create.roomId;
    this.#hold(create);
    this.#hold(this.#event(admin, 'm.room.member', admin, { membership: 'join' }));
    const users = this.rules.creatorsArePrivileged ? {} : { [admin]: 100 };
    this.#hold(this.#event(admin, 'm.room.power_levels', '', { users }));
    this.#hold(this.#event(admin, 'm.room.join_rules', '', { join_rule: 'public' }));
  }

  build(members: number, conflicts: number): Fork {
    const users = Array.from({ length: members }, (_, index) => `@user${index}:server${index % 500}.test` as UserId);
    for (const user of users) this.#hold(this.#event(user, 'm.room.member', user, { membership: 'join' }));
    const base = new Map(Array.from(this.#byTuple, ([tuple, { eventId }]) => [tuple, eventId]));
    const changes = ['left', 'right'].map((branch) => {
      const changed = new Map<StateTuple, EventId>();
      for (const user of users.slice(0, conflicts)) {
        const event = this.#event(user, 'm.room.member', user, { membership: 'join', displayname: branch });
        changed.set(stateTuple('m.room.member', user), event.eventId);
      }
      return changed;
    });
    return { rules: this.rules, events: this.events, base, changes };
  }

  #event(sender: UserId, type: string, stateKey: string, content: JsonObject, state = this.#byTuple): Pdu {
    const event = aPdu(this.rules, {
      type,
      sender,
      stateKey,
      content,
      roomId: this.#roomId,
      authEvents: authEventTuples(this.rules, { type, sender, stateKey, content })
        .map(([authType, authKey]) => state.get(stateTuple(authType, authKey))?.eventId)
        .filter((id) => id !== undefined),
      depth: this.events.size + 1,
    });
    this.events.set(event.eventId, event);
    return event;
  }

  #hold(event: Pdu): void {
    this.#byTuple.set(stateTuple(event.type, event.stateKey ?? ''), event);
  }
}

function asDeltas({ rules, events, base, changes }: Fork): ResolveInput {
  const source = (id: EventId): Pdu | undefined => events.get(id);
  const heightOf = authHeights(source, new WorkBudget(Infinity));
  const heights = new Map(Array.from(events.keys(), (id) => [id, heightOf(id)]));
  const children = new Map<EventId, EventId[]>();
  for (const { eventId, authEvents } of events.values()) {
    for (const auth of authEvents) {
      const known = children.get(auth);
      if (known === undefined) children.set(auth, [eventId]);
      else known.push(eventId);
    }
  }
  const readBase = (tuple: StateTuple): EventId | undefined => base.get(tuple);
  return {
    rules,
    base: readBase,
    sets: changes.map((changed) => ({ changes: changed })),
    events: source,
    isRejected: () => false,
    authChain: authChainByChildren(readBase, {
      events: source,
      height: (id) => heights.get(id),
      authChildren: (id) => children.get(id) ?? [],
    }),
  };
}

function asFullStates({ base, changes }: Fork): readonly StateMap[] {
  return changes.map((changed) => new Map([...base, ...changed]));
}

/** Median and spread of the CPU time of a call, in milliseconds, over at least 15 calls and 300 ms. */
function measure(call: () => void): string {
  for (let index = 0; index < 3; index += 1) call();
  const times: number[] = [];
  const end = performance.now() + 300;
  while (times.length < 15 || performance.now() < end) {
    const start = performance.now();
    call();
    times.push(performance.now() - start);
  }
  times.sort((a, b) => a - b);
  const at = (share: number): string => (times[Math.floor(share * (times.length - 1))] ?? NaN).toFixed(3);
  return `p50 ${at(0.5)} ms, p10 ${at(0.1)}, p90 ${at(0.9)}, ${times.length} calls`;
}

function measureFork(name: string, version: string, members: number, conflicts: number): string[] {
  const fork = new ForkBuilder(version).build(members, conflicts);
  const deltas = asDeltas(fork);
  const states = asFullStates(fork);
  const source = (id: EventId): Pdu | undefined => fork.events.get(id);
  const full = resolveFullStates(fork.rules, states, source, () => false);
  const delta = resolveState(deltas);
  if (!full.ok || !delta.ok) throw new Error('too much work');
  for (const [tuple, id] of delta.value) {
    if (full.value.get(tuple) !== id) throw new Error('differences and whole states do not agree');
  }
  const whole = measure(() => resolveFullStates(fork.rules, states, source, () => false));
  return [name, version, measure(() => resolveState(deltas)), whole];
}

/** The pure part of workload W10: CPU time of state resolution, from differences and from whole states. */
export function run(_options: RunOptions, progress: Progress): Promise<Section> {
  const rows: string[][] = [];
  const add = (...fork: Parameters<typeof measureFork>): void => {
    rows.push(measureFork(...fork));
    progress(`W10 ${rows.at(-1)?.join('; ')}`);
  };
  for (const version of ['11', '12']) {
    add('small, 3x2 conflicts of 10 members', version, 10, 3);
    for (const conflicts of [100, 1_000, 10_000]) {
      add(`10,000 members, ${conflicts}x2 conflicts`, version, 10_000, conflicts);
    }
    add('50,000 members, 100x2 conflicts', version, 50_000, 100);
    add('50,000 members, 5,000x2 conflicts', version, 50_000, 5_000);
  }
  const lines = table(['fork', 'room version', 'from differences', 'from whole states'], rows);
  return Promise.resolve({ title: 'W10 state resolution, the pure function', lines });
}
