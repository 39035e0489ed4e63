// A room in which everything happens that decides what somebody is shown: who comes, goes, is thrown out or forgets, what
// is redacted, edited, erased or too old, what other servers send late and on branches of their own.
import { MatrixError } from '../../../src/matrix/error.ts';
import type { EventId, UserId } from '../../../src/matrix/ids/brands.ts';
import type { JsonObject } from '../../../src/matrix/json/json-value.ts';
import type { SyncQuery } from '../../../src/room/read/read-sync.ts';
import { putReceipt } from '../../../src/room/receipts/put-receipt.ts';
import type { RoomContext } from '../../../src/room/room-context.ts';
import { sendEvent } from '../../../src/room/send/send-event.ts';
import type { Random } from './random.ts';
import { defaultInitial, RoomRig } from './room-rig.ts';
import { signPdu } from './sign-pdu.ts';
import { sweep } from './sweep.ts';

const DAY_MS = 86_400_000;

const alice = '@alice:one' as UserId;
const bob = '@bob:one' as UserId;
/** Who reads. */
export const readers: readonly UserId[] = [alice, bob, '@carl:one' as UserId, '@dora:one' as UserId];
const zoe = '@zoe:two' as UserId;
export const everybody = [...readers, zoe];

/** Content that text which is put together by hand could spoil. */
const strange: readonly JsonObject[] = [
  JSON.parse('{"__proto__":{"polluted":true},"constructor":1,"toJSON":"x","":null}'),
  { unsigned: { age: 1, prev_content: 'x' }, redacts: 'nothing', event_id: '$x' },
  { text: '"}],\\ \u0000\u001f\u2028\u2029 \u{1f600} </script>', 'ke"y\\': [[], {}, ''] },
  { url: 'mxc://one/abc', empty: {}, list: [1, -1, true, null] },
];

export interface PreparedWorld {
  readonly room: RoomRig;
  readonly random: Random;
  readonly said: EventId[];
}

export function aPreparedWorld(random: Random): PreparedWorld {
  const room = new RoomRig('one');
  const version = random.pick(['1', '3', '5', '6', '9', '11', '12']);
  const levels = { users: { [alice]: 100, [zoe]: 50 }, users_default: 0, events_default: 0, invite: 0 };
  const initial = defaultInitial(alice).map((event) =>
    event.type === 'm.room.power_levels' ? { ...event, content: levels } : event,
  );
  room.create(version, alice, initial);
  if (version === '12') {
    set({ room, random, said: [] }, 'm.room.power_levels', { ...levels, users: { [zoe]: 50 } });
  }
  for (const user of readers) room.turn(({ store }) => store.localUsers.setShard(user, 's1'));
  room.member(bob, bob, 'join');
  from(room, random, { type: 'm.room.member', sender: zoe, stateKey: zoe, content: { membership: 'join' } });
  return { room, random, said: [] };
}

/** Does one thing. What the rules refuse is one thing less. */
export function act(world: PreparedWorld): void {
  const { random } = world;
  const what = random.weighted({ say: 10, member: 8, state: 7, relate: 6, redact: 4, receipt: 3, time: 4, rare: 4 });
  try {
    actions[what](world);
  } catch (error) {
    if (!(error instanceof MatrixError)) throw error;
  }
}

const actions = {
  say: ({ room, random, said }: PreparedWorld) => {
    const sender = random.pick(everybody);
    const content = {
      msgtype: 'm.text',
      body: `№ ${said.length}`,
      ...(random.chance(0.4) ? random.pick(strange) : {}),
    };
    const type = random.pick(['m.room.message', 'm.room.message', 'org.example.other', 'm.room.encrypted']);
    say(room, random, said, { type, sender, content });
  },
  member: ({ room, random }: PreparedWorld) => {
    const user = random.pick(everybody);
    // Who made the room stays, so that somebody may do all the rest.
    const what =
      user === alice
        ? 'rename'
        : random.pick(['join', 'join', 'join', 'leave', 'invite', 'knock', 'ban', 'kick', 'rename', 'forget']);
    if (what === 'forget') {
      const last = room.store.state.memberships(user).at(-1)?.membership;
      if (last === 'leave' || last === 'ban') {
        room.turn(({ store }) => store.localUsers.setForgotten(user, store.stream.head()));
      }
      return;
    }
    const isOwn = ['join', 'leave', 'knock', 'rename'].includes(what);
    const membership = { kick: 'leave', rename: 'join' }[what] ?? what;
    const content = { membership, displayname: random.pick(['', 'é', '\u{1f600} "a"']), reason: 'x' };
    from(room, random, { type: 'm.room.member', sender: isOwn ? user : alice, stateKey: user, content });
  },
  state: (world: PreparedWorld) => {
    const { random } = world;
    const what = random.pick(['name', 'visibility', 'visibility', 'alias', 'topic', 'own', 'rules']);
    if (what === 'name') set(world, 'm.room.name', { name: random.pick(['', 'a', 'b']) });
    if (what === 'alias') set(world, 'm.room.canonical_alias', random.pick([{}, { alias: '#a:one' }]));
    if (what === 'topic') set(world, 'm.room.topic', random.pick(strange), '', random.pick([alice, zoe]));
    if (what === 'own')
      set(world, 'org.example.state', { n: random.below(3) }, random.pick(['', 'a\u0000b', '"\u{1f600}']));
    if (what === 'rules') set(world, 'm.room.join_rules', { join_rule: random.pick(['public', 'knock', 'invite']) });
    if (what === 'visibility') {
      const visibility = random.pick(['shared', 'joined', 'invited', 'world_readable', 'nonsense']);
      set(world, 'm.room.history_visibility', { history_visibility: visibility });
    }
  },
  relate: ({ room, random, said }: PreparedWorld) => {
    const target = said.length === 0 ? undefined : random.pick(said);
    if (target === undefined) return;
    const isRoot = room.store.events.get(target)?.pdu.content['m.relates_to'] === undefined;
    const relType = random.pick(['m.replace', 'm.replace', 'm.reference', 'm.annotation', isRoot ? 'm.thread' : 'm.x']);
    const sender = random.chance(0.5) ? (room.store.events.get(target)?.pdu.sender ?? alice) : random.pick(everybody);
    const content = {
      body: 'said otherwise',
      'm.new_content': { body: 'said otherwise', msgtype: 'm.text' },
      'm.relates_to': { rel_type: relType, event_id: target, key: '\u{1f44d}' },
    };
    say(room, random, said, { type: relType === 'm.annotation' ? 'm.reaction' : 'm.room.message', sender, content });
  },
  redact: ({ room, random, said }: PreparedWorld) => {
    const state = [...room.store.state.allAt(room.store.stream.head()).values()];
    const redacts = random.pick(random.chance(0.4) || said.length === 0 ? state : said);
    room.send({ type: 'm.room.redaction', sender: alice, content: { redacts, reason: 'x' }, redacts });
  },
  receipt: ({ room, random, said }: PreparedWorld) => {
    if (said.length === 0) return;
    const eventId = random.pick(said);
    const type = random.pick(['m.read', 'm.read.private']);
    const threadId = random.pick(['', 'main', random.pick(said)]);
    room.turn((ctx) => putReceipt(ctx, { userId: random.pick(everybody), type, threadId, eventId, ts: room.now }));
  },
  time: (world: PreparedWorld) => {
    const { room, random } = world;
    const what = random.pick(['rule', 'default', 'pass', 'sweep']);
    if (what === 'rule') set(world, 'm.room.retention', random.chance(0.5) ? {} : { max_lifetime: DAY_MS });
    if (what === 'default') room.defaultDays = random.pick([0, 1, 9]);
    if (what === 'pass') room.now += random.below(2 * DAY_MS);
    if (what === 'sweep') sweep(room);
  },
  rare: (world: PreparedWorld) => {
    const { room, random, said } = world;
    const what = random.pick(['erase', 'transaction', 'transaction', 'gap', 'evicted']);
    if (what === 'erase' && random.chance(0.2)) {
      const at = random.below(room.store.stream.head());
      room.turn(({ store }) => store.erasures.put(random.pick(everybody), at));
    }
    if (what === 'transaction' && said.length > 0) noted(room, random.pick(said), random.pick(['D', 'E']));
    if (what === 'gap') room.turn(({ store }) => store.stream.append({ kind: 'gap' }));
    if (what === 'evicted') room.store.forget();
  },
};

interface Draft {
  readonly type: string;
  readonly sender: UserId;
  readonly stateKey?: string;
  readonly content: JsonObject;
}

function say(room: RoomRig, random: Random, said: EventId[], draft: Draft): void {
  const eventId = from(room, random, draft);
  if (eventId !== undefined) said.push(eventId);
}

/** Of a user of ours, or over federation: then sometimes on a branch that began earlier. */
function from(room: RoomRig, random: Random, draft: Draft): EventId | undefined {
  if (draft.sender !== zoe) return room.send(draft).eventId;
  const { store } = room;
  const eventId = `$z${room.now}:two` as EventId;
  const head = store.stream.head();
  const earlier = random.chance(0.4) ? store.history.newest(0, head, 6).at(-1) : undefined;
  const at = earlier === undefined ? undefined : store.events.get(earlier)?.after?.pos;
  const branch = earlier === undefined || at === undefined ? {} : { prevEvents: [earlier], at };
  const pdu = signPdu(room, { ...draft, eventId, ...branch });
  room.now += 1;
  const verdict = room.receive(pdu, 'two');
  return verdict.kind === 'accepted' ? pdu.eventId : undefined;
}

function set({ room, random }: PreparedWorld, type: string, content: JsonObject, stateKey = '', sender = alice): void {
  from(room, random, { type, sender, stateKey, content });
}

/** The device of its sender said an event under a transaction ID. @returns the ID. */
export function noted(room: RoomRig, eventId: EventId, device: string): string {
  const sender = room.store.events.get(eventId)?.pdu.sender ?? alice;
  const key = { scope: `${sender}/${device}`, path: 'send', txnId: `t"${eventId}` };
  room.turn(({ store: { transactions }, now }) => {
    if (transactions.find(key) === undefined) transactions.put(key, eventId, now);
  });
  return key.txnId;
}

const filters: readonly Partial<SyncQuery>[] = [
  { timelineFilter: { types: ['m.room.message'] }, stateFilter: { notTypes: ['*name'] } },
  { timelineFilter: { notTypes: ['m.room.*'] } },
  { timelineFilter: { senders: [alice, zoe] }, stateFilter: { notSenders: [alice] } },
  { timelineFilter: { containsUrl: true }, stateFilter: { containsUrl: false } },
  { timelineFilter: { relatedByRelTypes: ['m.thread', 'm.replace'] } },
  { timelineFilter: { relatedBySenders: [alice], types: ['*'] } },
  { timelineFilter: { types: [] }, stateFilter: { types: [] } },
  { stateFilter: { types: ['m.room.member'] } },
];

/** What clients ask for, besides who they are. */
export function asked({ room, random }: PreparedWorld): Omit<SyncQuery, 'userId' | 'scope' | 'ignoredUsers'> {
  const head = room.store.stream.head();
  return {
    from: undefined,
    timelineFilter: {},
    stateFilter: {},
    to: random.chance(0.8) ? head : random.below(head) + 1,
    timelineLimit: random.pick([0, 1, 3, 5, 5, 5, 100]),
    lazyLoadMembers: random.chance(0.5),
    stateAfter: random.chance(0.3),
    isRaw: random.chance(0.05),
    fullState: random.chance(0.1),
    ...(random.chance(0.15) ? { from: random.below(head) } : {}),
    ...(random.chance(0.1) ? { owedFrom: random.below(head) } : {}),
    ...(random.chance(0.3) ? random.pick(filters) : {}),
  };
}

/** What is written is read, and taken back: in a part of a turn, or with all of it. */
export function undone({ room, random, said }: PreparedWorld, read: () => void): void {
  if (said.length === 0) return;
  const redacts = random.pick(said);
  const work = (ctx: RoomContext): never => {
    sendEvent(ctx, { type: 'm.room.redaction', sender: alice, content: { redacts }, redacts });
    read();
    throw new Undone();
  };
  try {
    if (random.chance(0.5)) room.turn(work);
    else room.turn((ctx) => ctx.attempt(() => work(ctx)));
  } catch (error) {
    if (!(error instanceof Undone)) throw error;
  }
}

class Undone extends Error {}
