import type { RoomId, UserId } from '../../matrix/ids/brands.ts';
import type { JsonObject } from '../../matrix/json/json-value.ts';
import { isJsonObject } from '../../matrix/json/json-value.ts';
import { rulesInRoom } from '../../matrix/push-rules/rules-in-room.ts';
import type { OwnRules } from '../../matrix/push-rules/ruleset.ts';
import type { ReadSettings } from '../account-data/read-settings.ts';
import type { Push, Pusher, PushRoom, PushStore } from './push-store.ts';

/** What a room is asked: who of its members or invitees has a pusher. */
export interface RoomPushQuery {
  readonly roomId: RoomId;
  readonly from: number;
  readonly to: number;
  readonly users: readonly {
    readonly userId: UserId;
    readonly ignoredUsers: readonly UserId[];
    readonly pushRules?: OwnRules;
  }[];
}

export interface UserPushes {
  readonly userId: UserId;
  /** Oldest first. */
  readonly pushes: readonly Push[];
  /** What they have unread there at the end of the range. */
  readonly unread: number;
}

/** `rejected`: the pushkeys that the gateway does not want to hear of again. */
export type GatewayAnswer =
  | { readonly kind: 'taken'; readonly rejected: readonly string[] }
  | { readonly kind: 'failed' };

export interface PushDeps {
  readonly store: PushStore;
  readonly settings: (userId: UserId) => ReadSettings;
  /** How far the shard has a room. */
  readonly positionOf: (roomId: RoomId) => number | undefined;
  /** `undefined`: the room has nothing to say of it, now or later. Rejects where it may be asked again. */
  readonly readRoom: (query: RoomPushQuery) => Promise<readonly UserPushes[] | undefined>;
  /** Never rejects. */
  readonly notify: (url: string, body: JsonObject) => Promise<GatewayAnswer>;
  /** One transaction. */
  readonly turn: (work: () => void) => void;
  /** Lets a piece of work go on that nobody waits for. It never rejects. */
  readonly background: (work: Promise<void>) => void;
  /** {@link PushRunner.start} has to be called at this time, in milliseconds since the epoch. */
  readonly wakeAt: (at: number) => void;
  readonly now: () => number;
}

const ROOMS_AT_ONCE = 8;
/** The platform keeps six connections of an object open. */
const PUSHERS_AT_ONCE = 4;
/** Of one pusher. */
const MAX_WAITING = 100;
/** What could not be told for so long is told no more. */
const MAX_AGE_MS = 86_400_000;
const FIRST_RETRY_MS = 2_000;
const LONGEST_RETRY_MS = 3_600_000;
/** A slow gateway that has more to take goes behind the others after so long. */
const TURN_MS = 20_000;
/** What was begun and cut off is begun again after so long. */
export const BACKSTOP_MS = 30_000;

/**
 * Looks into the rooms that moved, and tells the push gateways. A room that does not answer and a gateway that does not
 * take a push are tried again later, each for itself, and none waits for another. Every piece of the work ends by itself
 * soon, and may be cut off: what is to be told is kept until a gateway took it.
 */
export class PushRunner {
  readonly #deps: PushDeps;
  readonly #rooms = new Set<string>();
  readonly #pushers = new Set<string>();

  constructor(deps: PushDeps) {
    this.#deps = deps;
  }

  /** Begins what is due and not under way; what ends begins what is due then. */
  start(): void {
    const { store, now } = this.#deps;
    for (const room of store.roomsDue(now(), ROOMS_AT_ONCE)) {
      if (this.#rooms.size === ROOMS_AT_ONCE) break;
      this.#begin(this.#rooms, room.roomId, () => lookInto(this.#deps, room));
    }
    for (const pusher of store.pushersDue(now(), PUSHERS_AT_ONCE)) {
      if (this.#pushers.size === PUSHERS_AT_ONCE) break;
      this.#begin(this.#pushers, nameOf(pusher), () => tell(this.#deps, pusher));
    }
  }

  /** When {@link start} must be called again, in milliseconds since the epoch: also where what is under way is cut off. */
  next(): number | undefined {
    const now = this.#deps.now();
    const at = this.#deps.store.nextAfter(now);
    if (this.#rooms.size + this.#pushers.size === 0) return at;
    return Math.min(at ?? Infinity, now + BACKSTOP_MS);
  }

  #begin(running: Set<string>, name: string, work: () => Promise<void>): void {
    if (running.has(name)) return;
    running.add(name);
    const whole = async () => {
      try {
        await work();
      } catch {
        // The storage failed: it is the backstop's, so that it is not tried again and again.
        running.delete(name);
        return;
      }
      running.delete(name);
      this.start();
      const next = this.#deps.store.nextAfter(this.#deps.now());
      if (next !== undefined) this.#deps.wakeAt(next);
    };
    this.#deps.background(whole());
  }
}

const nameOf = ({ userId, appId, pushkey }: Pusher): string => JSON.stringify([userId, appId, pushkey]);

async function lookInto(deps: PushDeps, { roomId, from, attempts }: PushRoom): Promise<void> {
  const { store, now } = deps;
  const to = deps.positionOf(roomId);
  const users = store.usersIn(roomId);
  if (to === undefined || users.length === 0) {
    deps.turn(() => store.dropRoom(roomId));
    return;
  }
  try {
    const asked = users.map((userId) => ({ userId, ...settingsIn(deps.settings(userId), roomId) }));
    const answers = await deps.readRoom({ roomId, from, to, users: asked });
    deps.turn(() => {
      if (answers === undefined) store.dropRoom(roomId);
      else {
        for (const answer of answers) keep(store, roomId, answer, now());
        store.roomLookedAt(roomId, to);
      }
    });
  } catch {
    deps.turn(() => store.postponeRoom(roomId, now() + waitAfter(attempts)));
  }
}

function settingsIn({ ignoredUsers, pushRules }: ReadSettings, roomId: RoomId) {
  const rules = pushRules === undefined ? undefined : rulesInRoom(pushRules, roomId);
  return { ignoredUsers, ...(rules === undefined ? {} : { pushRules: rules }) };
}

function keep(store: PushStore, roomId: RoomId, { userId, pushes, unread }: UserPushes, now: number): void {
  const pushers = store.pushers(userId);
  if (pushers.length === 0) return;
  const isNews = store.setUnread(userId, roomId, unread);
  for (const pusher of pushers) {
    for (const push of pushes) store.addPush(pusher, push, now, MAX_WAITING);
    if (pushes.length === 0 && isNews) store.addPush(pusher, undefined, now, MAX_WAITING);
  }
}

async function tell(deps: PushDeps, pusher: Pusher): Promise<void> {
  const { store, now } = deps;
  let { attempts } = pusher;
  const end = now() + TURN_MS;
  for (let next = store.firstPush(pusher); next !== undefined; next = store.firstPush(pusher)) {
    const { id, ts, push } = next;
    if (now() > end) {
      deps.turn(() => store.setTries(pusher, attempts, now()));
      return;
    }
    if (now() - ts > MAX_AGE_MS) {
      deps.turn(() => store.removePush(id));
      continue;
    }
    const unread = store.unread(pusher.userId);
    const body = notification(pusher, push, unread);
    const answer = await deps.notify(pusher.fields.data.url, body);
    if (answer.kind === 'failed') {
      const at = now() + waitAfter(attempts);
      deps.turn(() => store.setTries(pusher, attempts + 1, at));
      return;
    }
    const isRejected = answer.rejected.includes(pusher.pushkey);
    deps.turn(() => {
      // A number that changed meanwhile was not added behind this one, which waits only to tell a number.
      if (push !== undefined || store.unread(pusher.userId) === unread) store.removePush(id);
      if (isRejected) store.removePusher(pusher);
      else if (attempts > 0) store.setTries(pusher, 0, 0);
    });
    attempts = 0;
  }
}

const waitAfter = (attempts: number): number => Math.min(FIRST_RETRY_MS * 2 ** attempts, LONGEST_RETRY_MS);

/** Source: Push Gateway API, `POST /_matrix/push/v1/notify`. */
function notification(pusher: Pusher, push: Push | undefined, unread: number): JsonObject {
  const { url: _, ...data } = pusher.fields.data;
  const tweaks = tweaksOf(push);
  const device = {
    app_id: pusher.appId,
    pushkey: pusher.pushkey,
    pushkey_ts: Math.floor(pusher.setTs / 1_000),
    data,
    ...(Object.keys(tweaks).length === 0 ? {} : { tweaks }),
  };
  return {
    notification: {
      ...(push === undefined ? {} : eventOf(push, data['format'] === 'event_id_only')),
      prio: push !== undefined && isUrgent(push, tweaks) ? 'high' : 'low',
      counts: unread === 0 ? {} : { unread },
      devices: [device],
    },
  };
}

function eventOf(push: Push, onlyId: boolean): JsonObject {
  const id = { event_id: push.eventId, room_id: push.roomId };
  if (onlyId) return id;
  return {
    ...id,
    type: push.type,
    sender: push.sender,
    user_is_target: push.isTarget,
    ...(push.senderName === undefined ? {} : { sender_display_name: push.senderName }),
    ...(push.roomName === undefined ? {} : { room_name: push.roomName }),
    ...(push.roomAlias === undefined ? {} : { room_alias: push.roomAlias }),
    ...(push.content === undefined ? {} : { content: push.content }),
  };
}

/** A highlight without a value is one. */
function tweaksOf(push: Push | undefined): JsonObject {
  const tweaks: [string, JsonObject['value']][] = [];
  for (const action of push?.actions ?? []) {
    if (typeof action === 'string' || !isJsonObject(action) || typeof action['set_tweak'] !== 'string') continue;
    tweaks.push([action['set_tweak'], action['value'] ?? (action['set_tweak'] === 'highlight' ? true : null)]);
  }
  return Object.fromEntries(tweaks);
}

/** What is encrypted may be a mention: only the client can tell. */
const isUrgent = (push: Push, tweaks: JsonObject): boolean =>
  push.type === 'm.room.encrypted' || typeof tweaks['sound'] === 'string' || tweaks['highlight'] === true;
