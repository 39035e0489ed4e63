import { notificationLevel, userPowerLevel } from '../../matrix/auth/power-levels.ts';
import { encodeBase64Url } from '../../matrix/crypto/base64.ts';
import { sha256 } from '../../matrix/crypto/sha256.ts';
import type { UserId } from '../../matrix/ids/brands.ts';
import type { JsonObject } from '../../matrix/json/json-value.ts';
import type { PushFacts } from '../../matrix/push-rules/conditions.ts';
import { NO_NOTIFICATION, pushJudge, type PushJudge, type PushVerdict } from '../../matrix/push-rules/judge.ts';
import { NO_OWN_RULES, type OwnRules } from '../../matrix/push-rules/ruleset.ts';
import { roomVersionRules } from '../../matrix/room-versions/versions.ts';
import { hasExpired } from '../retention/has-expired.ts';
import { authStateOf } from '../state/state-at.ts';
import type { RoomStore, StateRef, StoredEvent } from '../store.ts';
import type { RecentEvent } from './recent-store.ts';

type Store = Pick<RoomStore, 'events' | 'meta' | 'state' | 'retention'>;

/** Whose rules they are; only those that matter in the room. */
export interface PushReader {
  readonly userId: UserId;
  /** `undefined`: the predefined ones, which cost next to nothing. */
  readonly pushRules?: OwnRules | undefined;
}

interface DefaultVerdicts {
  readonly mentioned: PushVerdict;
  readonly others: PushVerdict;
}

/** Stands for whoever an event mentions: no user has this ID. */
const SOMEBODY = '@' as UserId;
const byDefault = pushJudge(SOMEBODY, NO_OWN_RULES);

/** Readers with rules of their own whose verdicts are remembered. */
const MAX_READERS = 128;

// What is forgotten of these is judged again. Events are objects of one room's store, and new ones when they change.
const defaults = new WeakMap<RecentEvent, DefaultVerdicts>();
const ofReaders = new Map<string, WeakMap<RecentEvent, PushVerdict>>();

/**
 * What events mean to one user. By the predefined rules an event is judged once for all users, by rules of a user's own
 * once for that user.
 * @param to where the room is read: the number of members and the user's name are those of then.
 */
export function pushVerdicts(store: Store, reader: PushReader, to: number): (event: RecentEvent) => PushVerdict {
  const { userId, pushRules } = reader;
  if (pushRules !== undefined) return verdictsByRules(store, userId, pushRules, to);
  const byWhole = wholeVerdicts(store, reader, to);
  return (event) => {
    if (event.sender === userId || event.isCut) return NO_NOTIFICATION;
    if (event.mentions === 'long') return byWhole(event.eventId);
    let verdicts = defaults.get(event);
    if (verdicts === undefined) {
      verdicts = judgeByDefault(store, event, event.mentions);
      defaults.set(event, verdicts);
    }
    return isMentioned(event.mentions, userId) ? verdicts.mentioned : verdicts.others;
  };
}

/** {@link pushVerdicts} from the whole events, with nothing remembered. */
export function wholeVerdicts(
  store: Store,
  { userId, pushRules = NO_OWN_RULES }: PushReader,
  to: number,
): (eventId: RecentEvent['eventId']) => PushVerdict {
  let judge: PushJudge | undefined;
  let members: number | undefined;
  const memberCount = () => (members ??= store.state.countMembers('join', to));
  return (eventId) => {
    const event = store.events.get(eventId);
    if (event === undefined || event.redactedBy !== undefined || hasExpired(store, event)) return NO_NOTIFICATION;
    // Most reads find every verdict at hand.
    judge ??= pushJudge(userId, pushRules);
    return judge(pushEventOf(event), {
      memberCount,
      displayName: () => displayName(store, userId, to),
      senderMayNotify: (key) => mayNotify(store, event, key),
    });
  };
}

function verdictsByRules(store: Store, userId: UserId, pushRules: OwnRules, to: number) {
  // Rules may be long: they are not kept for the sake of a name.
  const key = `${userId} ${encodeBase64Url(sha256(JSON.stringify(pushRules)))}`;
  const known = ofReaders.get(key) ?? new WeakMap<RecentEvent, PushVerdict>();
  ofReaders.delete(key);
  ofReaders.set(key, known);
  const [oldest] = ofReaders.keys();
  if (ofReaders.size > MAX_READERS && oldest !== undefined) ofReaders.delete(oldest);
  const judge = wholeVerdicts(store, { userId, pushRules }, to);
  return (event: RecentEvent): PushVerdict => {
    let verdict = known.get(event);
    if (verdict === undefined) {
      verdict = judge(event.eventId);
      known.set(event, verdict);
    }
    return verdict;
  };
}

function judgeByDefault(store: Store, event: RecentEvent, mentions: JsonObject | undefined): DefaultVerdicts {
  const shown = (userIds: readonly string[]): JsonObject => ({
    type: event.type,
    sender: event.sender,
    ...(event.stateKey === undefined ? {} : { state_key: event.stateKey }),
    content: {
      ...(event.msgtype === undefined ? {} : { msgtype: event.msgtype }),
      ...(event.relType === undefined ? {} : { 'm.relates_to': { rel_type: event.relType } }),
      'm.mentions': { ...mentions, user_ids: userIds },
    },
  });
  const facts: PushFacts = {
    displayName: () => undefined,
    // It decides only which sound is played.
    memberCount: () => 0,
    senderMayNotify: (key) => {
      const stored = store.events.get(event.eventId);
      return stored !== undefined && mayNotify(store, stored, key);
    },
  };
  return { mentioned: byDefault(shown([SOMEBODY]), facts), others: byDefault(shown([]), facts) };
}

function isMentioned(mentions: JsonObject | undefined, userId: UserId): boolean {
  const userIds = mentions?.['user_ids'];
  return Array.isArray(userIds) && userIds.includes(userId);
}

/** An event as push rules see it. */
function pushEventOf({ pdu }: StoredEvent): JsonObject {
  return {
    type: pdu.type,
    sender: pdu.sender,
    room_id: pdu.roomId,
    event_id: pdu.eventId,
    origin_server_ts: pdu.originServerTs,
    content: pdu.content,
    ...(pdu.stateKey === undefined ? {} : { state_key: pdu.stateKey }),
    ...(pdu.redacts === undefined ? {} : { redacts: pdu.redacts }),
  };
}

function displayName(store: Store, userId: UserId, to: number): string | undefined {
  const member = authStateOf(store, { pos: to, group: null })('m.room.member', userId);
  const name = member?.content['displayname'];
  return typeof name === 'string' ? name : undefined;
}

/** By the power levels before the event. */
function mayNotify(store: Store, { pdu, before, pos }: StoredEvent, key: string): boolean {
  const rules = roomVersionRules(store.meta.roomVersion());
  if (rules === undefined) return false;
  const ref: StateRef = before ?? { pos: pos ?? 0, group: null };
  const state = authStateOf(store, ref);
  return userPowerLevel(rules, state, pdu.sender) >= notificationLevel(rules, state, key);
}
