import { isJsonObject, type JsonObject } from '../../../src/matrix/json/json-value.ts';
import { levelIn, literalLevels, type LiteralLevels } from './literal-levels.ts';

/**
 * The authorization rules, written down again as plainly as the pages of the room versions say them, one statement for
 * each sentence and in their order, and sharing no code with what is tested. Signatures are not looked at: whoever asks
 * says whether those of a third-party invite hold.
 */
export interface LiteralEvent {
  readonly eventId: string;
  /** With `!` and the rest of the event ID for a create event of version 12, which carries none. */
  readonly roomId: string;
  readonly json: JsonObject;
}

export interface LiteralRoom {
  readonly version: number;
  /** The room state by which the event is judged. */
  readonly state: (type: string, stateKey: string) => LiteralEvent | undefined;
  /** "Any signature in `signed` matches any public key in the `m.room.third_party_invite` event." */
  readonly isThirdPartySigned?: (signed: JsonObject, invite: JsonObject) => boolean;
}

/** What the rules say: why the event is rejected, or that it is allowed. */
export type LiteralVerdict = { readonly rejected: string } | 'allowed';

const reject = (rejected: string): LiteralVerdict => ({ rejected });
const text = (json: JsonObject, key: string) => (typeof json[key] === 'string' ? json[key] : undefined);
const objectIn = (json: JsonObject, key: string) => (isJsonObject(json[key]) ? json[key] : {});
const senderOf = (json: JsonObject) => text(json, 'sender') ?? '';
const domainOf = (id: string) => id.slice(id.indexOf(':') + 1);
const isUserId = (id: string) => /^@[^:]*:.+$/s.test(id) && Buffer.byteLength(id) <= 255;
const contentOf = (event: LiteralEvent | undefined) =>
  event === undefined ? undefined : objectIn(event.json, 'content');
const typeOf = ({ json }: LiteralEvent) => text(json, 'type');
const idsIn = (json: JsonObject, key: string): readonly string[] =>
  (Array.isArray(json[key]) ? json[key] : []).map((edge: unknown) =>
    JSON.stringify(Array.isArray(edge) ? edge[0] : edge),
  );

/** "Considering the event's `auth_events`", and rule 2 of version 12. */
export function literalAuthEvents(
  event: LiteralEvent,
  given: {
    readonly version: number;
    readonly authEvents: readonly LiteralEvent[];
    readonly isRejected: (event: LiteralEvent) => boolean;
    /** The event that the room's ID names. */
    readonly create: LiteralEvent | undefined;
  },
): LiteralVerdict {
  const { version, authEvents, isRejected, create } = given;
  if (typeOf(event) === 'm.room.create') return 'allowed';
  if (version >= 12) {
    const isIt = create !== undefined && typeOf(create) === 'm.room.create' && !isRejected(create);
    if (!isIt || event.roomId !== `!${create.eventId.slice(1)}`)
      return reject('its room_id is no accepted create event');
  }
  const pair = ({ json }: LiteralEvent) => JSON.stringify([json['type'], json['state_key']]);
  const pairs = authEvents.map(pair);
  if (new Set(pairs).size < pairs.length) return reject('duplicate entries');
  const selected = literalSelection(event, version).map((wanted) => JSON.stringify(wanted));
  if (!pairs.every((each) => selected.includes(each))) return reject('an entry that is not to be selected');
  if (authEvents.some(isRejected)) return reject('an entry was itself rejected');
  if (version < 12 && !authEvents.some((each) => typeOf(each) === 'm.room.create')) return reject('no create event');
  if (authEvents.some(({ roomId }) => roomId !== event.roomId)) return reject('an entry of another room');
  return 'allowed';
}

/** Server-Server API, "Auth events selection". */
function literalSelection({ json }: LiteralEvent, version: number): readonly (readonly [string, string])[] {
  const content = objectIn(json, 'content');
  const { membership } = content;
  const selected: [string, string][] = [];
  if (version < 12) selected.push(['m.room.create', '']);
  selected.push(['m.room.power_levels', '']);
  selected.push(['m.room.member', senderOf(json)]);
  if (json['type'] === 'm.room.member') {
    if (typeof json['state_key'] === 'string') selected.push(['m.room.member', json['state_key']]);
    if (membership === 'join' || membership === 'invite' || membership === 'knock') {
      selected.push(['m.room.join_rules', '']);
    }
    if (membership === 'invite') {
      const token = text(objectIn(objectIn(content, 'third_party_invite'), 'signed'), 'token');
      if (token !== undefined) selected.push(['m.room.third_party_invite', token]);
    }
    const authoriser = text(content, 'join_authorised_via_users_server');
    if (membership === 'join' && authoriser !== undefined && version >= 8) {
      selected.push(['m.room.member', authoriser]);
    }
  }
  return selected;
}

/** Rule 1, and all that follow those about the auth events. */
export function literalAuth(event: LiteralEvent, room: LiteralRoom): LiteralVerdict {
  const { version, state } = room;
  const { json } = event;
  const type = typeOf(event);
  const sender = senderOf(json);
  if (type === 'm.room.create') return literalCreate(event, version);
  const create = state('m.room.create', '');
  if (create === undefined) return reject('there is no create event');
  const createSender = senderOf(create.json);
  if (contentOf(create)?.['m.federate'] === false && domainOf(sender) !== domainOf(createSender)) {
    return reject('the room does not federate');
  }
  if (version <= 5 && type === 'm.room.aliases') {
    if (json['state_key'] === undefined) return reject('aliases without a state_key');
    return domainOf(sender) === json['state_key'] ? 'allowed' : reject("aliases of another's domain");
  }
  if (type === 'm.room.member') return literalMember(event, room, create);
  if (membershipIn(room, sender) !== 'join') return reject('the sender is not joined');
  return literalByLevel(event, room, create);
}

/** From "If type is `m.room.third_party_invite`" on. */
function literalByLevel(event: LiteralEvent, { version, state }: LiteralRoom, create: LiteralEvent): LiteralVerdict {
  const { json } = event;
  const sender = senderOf(json);
  const levels = literalLevels(version, contentOf(state('m.room.power_levels', '')), create.json);
  const own = levels.ofUser(sender);
  if (typeOf(event) === 'm.room.third_party_invite') {
    return own >= levels.toDo('invite') ? 'allowed' : reject('below the invite level');
  }
  if (levels.toSend(text(json, 'type') ?? '', json['state_key'] !== undefined) > own) {
    return reject('below the required power level');
  }
  const stateKey = text(json, 'state_key');
  if (stateKey?.startsWith('@') === true && stateKey !== sender) return reject("another user's state_key");
  if (typeOf(event) === 'm.room.power_levels') return literalPowerLevels(event, version, levels);
  if (version <= 2 && typeOf(event) === 'm.room.redaction') {
    if (own >= levels.toDo('redact')) return 'allowed';
    const isOwn = domainOf(text(json, 'redacts') ?? '') === domainOf(event.eventId);
    return isOwn ? 'allowed' : reject("a redaction of another server's event");
  }
  return 'allowed';
}

function literalCreate(event: LiteralEvent, version: number): LiteralVerdict {
  const { json } = event;
  const content = objectIn(json, 'content');
  if (idsIn(json, 'prev_events').length > 0) return reject('a create event with prev_events');
  if (version >= 12 && json['room_id'] !== undefined) return reject('a create event with a room_id');
  if (version < 12 && domainOf(event.roomId) !== domainOf(senderOf(json))) {
    return reject("a room ID of another's domain");
  }
  const known = Array.from({ length: 12 }, (_, index) => String(index + 1));
  const named = content['room_version'];
  if (named !== undefined && !(typeof named === 'string' && known.includes(named))) return reject('an unknown version');
  if (version <= 10 && content['creator'] === undefined) return reject('no creator');
  const additional = content['additional_creators'];
  if (version >= 12 && additional !== undefined) {
    const isRight = Array.isArray(additional) && additional.every((id) => typeof id === 'string' && isUserId(id));
    if (!isRight) return reject('additional_creators are no user IDs');
  }
  return 'allowed';
}

function membershipIn({ state }: LiteralRoom, user: string): string | undefined {
  const content = contentOf(state('m.room.member', user));
  return content === undefined ? undefined : text(content, 'membership');
}

function literalMember(event: LiteralEvent, room: LiteralRoom, create: LiteralEvent): LiteralVerdict {
  const { json } = event;
  const content = objectIn(json, 'content');
  const target = text(json, 'state_key');
  const membership = content['membership'];
  if (target === undefined || membership === undefined) return reject('no state_key or no membership');
  const authoriser = content['join_authorised_via_users_server'];
  if (room.version >= 8 && authoriser !== undefined && !(typeof authoriser === 'string' && isUserId(authoriser))) {
    return reject('join_authorised_via_users_server denotes no user, so that nobody can have signed for it');
  }
  const sender = senderOf(json);
  const levels = literalLevels(room.version, contentOf(room.state('m.room.power_levels', '')), create.json);
  const asked = { room, content, sender, target, levels };
  if (membership === 'join') return literalJoin(asked, event, create);
  if (membership === 'invite') return literalInvite(asked);
  if (membership === 'leave') return literalLeave(asked);
  if (membership === 'ban') return literalBan(asked);
  if (membership === 'knock' && room.version >= 7) return literalKnock(asked);
  return reject('an unknown membership');
}

interface Asked {
  readonly room: LiteralRoom;
  readonly content: JsonObject;
  readonly sender: string;
  readonly target: string;
  readonly levels: LiteralLevels;
}

/** Client-Server API, `m.room.join_rules`: a room without the event is like one that is for the invited. */
function joinRuleIn({ state }: LiteralRoom): string | undefined {
  const content = contentOf(state('m.room.join_rules', ''));
  return content === undefined ? 'invite' : text(content, 'join_rule');
}

function literalJoin(asked: Asked, { json }: LiteralEvent, create: LiteralEvent): LiteralVerdict {
  const { room, sender, target } = asked;
  const { version } = room;
  const previous = idsIn(json, 'prev_events');
  const creator = version <= 10 ? contentOf(create)?.['creator'] : create.json['sender'];
  if (previous.length === 1 && previous[0] === JSON.stringify(create.eventId) && target === creator) return 'allowed';
  if (sender !== target) return reject('a join of somebody else');
  const membership = membershipIn(room, sender);
  if (membership === 'ban') return reject('the sender is banned');
  return literalJoinByRule(asked, membership === 'invite' || membership === 'join');
}

function literalJoinByRule({ room, content, levels }: Asked, isIn: boolean): LiteralVerdict {
  const { version } = room;
  const rule = joinRuleIn(room);
  // "Then allow if": where it is not, the last sentence rejects.
  if ((rule === 'invite' || (rule === 'knock' && version >= 7)) && isIn) return 'allowed';
  if ((rule === 'restricted' && version >= 8) || (rule === 'knock_restricted' && version >= 10)) {
    if (isIn) return 'allowed';
    const authoriser = text(content, 'join_authorised_via_users_server') ?? '';
    const mayInvite = levels.ofUser(authoriser) >= levels.toDo('invite');
    if (!mayInvite || membershipIn(room, authoriser) !== 'join') return reject('nobody who may vouches');
    return 'allowed';
  }
  return rule === 'public' ? 'allowed' : reject('the join rule does not let in');
}

function literalInvite({ room, content, sender, target, levels }: Asked): LiteralVerdict {
  if (content['third_party_invite'] !== undefined) {
    if (membershipIn(room, target) === 'ban') return reject('the target is banned');
    const { signed } = objectIn(content, 'third_party_invite');
    if (!isJsonObject(signed)) return reject('third_party_invite has no signed');
    const { mxid, token } = signed;
    if (mxid === undefined || typeof token !== 'string') return reject('signed has no mxid or token');
    if (mxid !== target) return reject('mxid is another user');
    const invite = room.state('m.room.third_party_invite', token);
    if (invite === undefined) return reject('there is no such third-party invite');
    if (invite.json['sender'] !== sender) return reject('the third-party invite is of another sender');
    const isSigned = room.isThirdPartySigned?.(signed, objectIn(invite.json, 'content')) === true;
    return isSigned ? 'allowed' : reject('no signature matches');
  }
  if (membershipIn(room, sender) !== 'join') return reject('the sender is not joined');
  const membership = membershipIn(room, target);
  if (membership === 'join' || membership === 'ban') return reject('the target is joined or banned');
  return levels.ofUser(sender) >= levels.toDo('invite') ? 'allowed' : reject('below the invite level');
}

function literalLeave({ room, sender, target, levels }: Asked): LiteralVerdict {
  const membership = membershipIn(room, target);
  if (sender === target) {
    const isThere = membership === 'invite' || membership === 'join' || (membership === 'knock' && room.version >= 7);
    return isThere ? 'allowed' : reject('the sender is not there');
  }
  if (membershipIn(room, sender) !== 'join') return reject('the sender is not joined');
  const own = levels.ofUser(sender);
  if (membership === 'ban' && own < levels.toDo('ban')) return reject('below the ban level');
  if (own >= levels.toDo('kick') && levels.ofUser(target) < own) return 'allowed';
  return reject('may not kick the target');
}

function literalBan({ room, sender, target, levels }: Asked): LiteralVerdict {
  if (membershipIn(room, sender) !== 'join') return reject('the sender is not joined');
  const own = levels.ofUser(sender);
  return own >= levels.toDo('ban') && levels.ofUser(target) < own ? 'allowed' : reject('may not ban the target');
}

function literalKnock({ room, sender, target }: Asked): LiteralVerdict {
  const rule = joinRuleIn(room);
  if (rule !== 'knock' && !(rule === 'knock_restricted' && room.version >= 10)) return reject('nobody may knock');
  if (sender !== target) return reject('a knock of somebody else');
  const membership = membershipIn(room, sender);
  const isOut = membership !== 'ban' && membership !== 'invite' && membership !== 'join';
  return isOut ? 'allowed' : reject('the sender is there or banned');
}

const LEVELS = ['users_default', 'events_default', 'state_default', 'ban', 'redact', 'kick', 'invite'] as const;

function literalPowerLevels({ json }: LiteralEvent, version: number, levels: LiteralLevels): LiteralVerdict {
  const sender = senderOf(json);
  const content = objectIn(json, 'content');
  const shape = literalShape(content, version, levels);
  if (shape !== 'allowed' || levels.content === undefined) return shape;
  const own = levels.ofUser(sender);
  const isAbove = ([before, after]: Change) => (before ?? -Infinity) > own || (after ?? -Infinity) > own;
  if (changes(version, levels.content, content, LEVELS).some(isAbove)) return reject('a level above the own');
  for (const key of version >= 6 ? ['events', 'notifications'] : ['events']) {
    if (changes(version, objectIn(levels.content, key), objectIn(content, key)).some(isAbove)) {
      return reject(`one of ${key} above the own level`);
    }
  }
  for (const [before, after, user] of changes(version, objectIn(levels.content, 'users'), objectIn(content, 'users'))) {
    if (user !== sender && (before ?? -Infinity) >= own) return reject('a user who is not below the sender');
    if ((after ?? -Infinity) > own) return reject('a user above the sender');
  }
  return 'allowed';
}

/** The sentences that look at the event alone. */
function literalShape(content: JsonObject, version: number, { creators }: LiteralLevels): LiteralVerdict {
  const isLevel = (value: JsonObject[string]) => levelIn(version, value) !== undefined;
  const areLevels = (value: JsonObject[string]) => isJsonObject(value) && Object.values(value).every(isLevel);
  if (version >= 10) {
    if (LEVELS.some((key) => content[key] !== undefined && !isLevel(content[key]))) return reject('no integer');
    for (const key of ['events', 'notifications']) {
      if (content[key] !== undefined && !areLevels(content[key])) return reject(`${key} are no integers`);
    }
  }
  const { users } = content;
  if (users === undefined) return 'allowed';
  const named = Object.keys(objectIn(content, 'users'));
  if (!areLevels(users) || !named.every(isUserId)) return reject('users are no levels of users');
  return named.some((user) => creators.includes(user)) ? reject('users has a creator') : 'allowed';
}

/** Before and after, and of what. */
type Change = readonly [Level, Level, string];
type Level = ReturnType<typeof levelIn>;

/** What was added, changed or removed. */
function changes(
  version: number,
  before: JsonObject,
  after: JsonObject,
  keys: Iterable<string> = new Set([...Object.keys(before), ...Object.keys(after)]),
): readonly Change[] {
  const level = (json: JsonObject, key: string) => levelIn(version, Object.hasOwn(json, key) ? json[key] : undefined);
  const all = Array.from(keys, (key): Change => [level(before, key), level(after, key), key]);
  return all.filter(([one, other]) => one !== other);
}
