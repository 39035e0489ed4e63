import { isSameList, listInDevicesAnswer, withDevice, type DeviceList } from '../../matrix/device-lists/device-list.ts';
import type { UserId } from '../../matrix/ids/brands.ts';
import { canonicalJson } from '../../matrix/json/canonical-json.ts';
import type { JsonObject } from '../../matrix/json/json-value.ts';
import type { FederationResult } from '../client.ts';
import type { FederationFailure } from '../failure.ts';
import { backoffDelayMs } from '../sending/backoff.ts';
import { settledInTurns } from '../settled-in-turns.ts';
import type { DeviceListStore, DeviceListUpdate, StoredList } from './ports.ts';

/** Of one server. */
const MAX_KEPT = { rows: 10_000, bytes: 50_000_000 };
/** Of one user; a longer list is asked for each time. */
const MAX_LIST_BYTES = 500_000;
/** A list that nothing was heard of for so long is asked for again: an update may have been lost. */
const BELIEVED_MS = 86_400_000;
/** How exactly is known when a list was last used. */
const USED_MS = 43_200_000;

const AT_ONCE = 3;
const PER_ROUND = 30;
/** While a list is fetched that changed just now, whoever wants it waits. */
const WAIT_MS = 5_000;
/** It changed again while it was fetched. */
const AGAIN_MS = 1_000;
/** The first back-off is 4 to 8 s. */
const BACKOFF_BEGINS_AT = 4;
/** After so many failures the list is forgotten: nobody is told any more what has changed since. */
const MAX_ATTEMPTS = 12;
/** Of how many users it is remembered when they last changed. */
const MAX_REMEMBERED = 10_000;

/** A moment in the life of an instance. */
export interface Mark {
  readonly instance: string;
  readonly change: number;
}

export interface FoundList {
  readonly userId: UserId;
  readonly isCurrent: boolean;
  readonly anchor: string;
  readonly json: string;
}

export type KeptList = Pick<FoundList, 'userId' | 'anchor' | 'json'>;

interface RemoteDeviceListsOptions {
  readonly store: DeviceListStore;
  /** `GET /user/devices/{userId}` of the server. */
  readonly fetch: (userId: UserId) => Promise<FederationResult<JsonObject>>;
  /** Until when (ms) the server is left alone. */
  readonly waitsUntil: () => number;
  /**
   * Somebody may have been told another list after they last heard of a change, and is to hear of one. Runs in the
   * transaction that is open.
   */
  readonly changed: (userId: UserId) => void;
  /** The server has answered, or failed. */
  readonly asked: (failure: FederationFailure | undefined) => void;
  readonly instance: string;
  readonly now: () => number;
  /** In [0, 1). */
  readonly random: () => number;
  readonly after: (delayMs: number) => Promise<void>;
}

/**
 * What users of a server publish, as it told when somebody asked, kept right by what it tells of changes. An update that
 * does not follow the one before makes the list be fetched anew. Whether a room is shared, without which the server tells
 * nothing, is for those who ask to see. Source: Server-Server API, "Device Management".
 */
export class RemoteDeviceLists {
  readonly #options: RemoteDeviceListsOptions;
  /** When each user last changed, as the number of the change; the last at the end. */
  readonly #changed = new Map<UserId, number>();
  #change = 0;
  /** Of changes up to here something is forgotten. */
  #forgotten = 0;
  /** Whose list is doubtful since a change of which all are told, and was shown to nobody since. */
  readonly #unshown = new Set<UserId>();
  readonly #fetching = new Map<UserId, Promise<void>>();
  #running: Promise<number | undefined> | undefined;

  constructor(options: RemoteDeviceListsOptions) {
    this.#options = options;
  }

  /** Those of the users that are kept, at most so many bytes. */
  async find(
    userIds: readonly UserId[],
    maxBytes: number,
  ): Promise<{ readonly mark: Mark; readonly lists: readonly FoundList[] }> {
    const fetching = userIds.flatMap((userId) => this.#fetching.get(userId) ?? []);
    if (fetching.length > 0) await Promise.race([Promise.all(fetching), this.#options.after(WAIT_MS)]);
    const { store, now, instance } = this.#options;
    const lists: FoundList[] = [];
    let bytes = 0;
    for (const userId of userIds) {
      const list = store.get(userId);
      if (list === undefined) continue;
      bytes += list.json.length;
      if (bytes > maxBytes) break;
      if (now() - list.usedAt > USED_MS) store.put({ ...list, usedAt: now() });
      const isCurrent = list.isCurrent && now() - list.checkedAt < BELIEVED_MS;
      if (!isCurrent) this.#unshown.delete(userId);
      lists.push({ userId, isCurrent, anchor: list.anchor, json: list.json });
    }
    return { mark: { instance, change: this.#change }, lists };
  }

  /** What the server told since `mark`. A list of which it told a change meanwhile is fetched again. */
  keep(mark: Mark, lists: readonly KeptList[]): void {
    const { store, now } = this.#options;
    store.transaction(() => {
      for (const { userId, anchor, json } of lists) {
        const held = store.get(userId);
        if (json.length > MAX_LIST_BYTES) {
          this.#forget(userId, held);
          continue;
        }
        this.#tellOthers(held, json);
        const isCurrent = !this.#hasChangedSince(mark, userId);
        const streamId = held?.isCurrent === true && held.anchor === anchor ? held.streamId : undefined;
        const resyncAt = isCurrent ? undefined : now();
        const times = { checkedAt: now(), usedAt: now(), resyncAt, attempt: 0 };
        store.put({ userId, anchor, json, streamId, isCurrent, ...times });
      }
      store.evict(MAX_KEPT);
    });
  }

  #hasChangedSince({ instance, change }: Mark, userId: UserId): boolean {
    if (instance !== this.#options.instance || change < this.#forgotten) return true;
    return (this.#changed.get(userId) ?? 0) > change;
  }

  /** In this order. Runs in the transaction that is open; {@link resync} is to follow. */
  receive(updates: readonly DeviceListUpdate[]): void {
    const { store } = this.#options;
    for (const update of updates) {
      this.#noteChange(update.userId);
      const held = store.get(update.userId);
      if (held === undefined) continue;
      const next = held.isCurrent ? updated(held, update) : undefined;
      if (next === undefined) this.#doubt(held);
      else if (next !== held) store.put(next);
    }
  }

  #doubt(held: StoredList): void {
    const { store, now } = this.#options;
    store.put({ ...held, isCurrent: false, resyncAt: now(), attempt: 0 });
    if (this.#unshown.size >= MAX_REMEMBERED) this.#unshown.clear();
    this.#unshown.add(held.userId);
  }

  /** While a list is doubtful it is told as it was where the server does not answer: those who got it ask only when told to. */
  #tellOthers(held: StoredList | undefined, json: string | undefined): void {
    if (held === undefined || this.#unshown.delete(held.userId)) return;
    if (json === undefined || !isSameList(held.json, json)) this.#options.changed(held.userId);
  }

  #forget(userId: UserId, held: StoredList | undefined): void {
    this.#tellOthers(held, undefined);
    this.#options.store.remove(userId);
  }

  #noteChange(userId: UserId): void {
    this.#change += 1;
    this.#changed.delete(userId);
    this.#changed.set(userId, this.#change);
    const [oldest] = this.#changed;
    if (this.#changed.size <= MAX_REMEMBERED || oldest === undefined) return;
    this.#changed.delete(oldest[0]);
    this.#forgotten = oldest[1];
  }

  /** Whether a list is to be fetched again, now or later. */
  isBehind(): boolean {
    return this.#options.store.nextResyncAt() !== undefined;
  }

  /** Fetches lists that are not right any more. @returns when (ms) to call this again, if ever. */
  resync(): Promise<number | undefined> {
    this.#running ??= this.#resyncAll();
    return this.#running;
  }

  async #resyncAll(): Promise<number | undefined> {
    const { store, now, waitsUntil } = this.#options;
    // Begins in a turn of its own, so that it is the one that runs before it can end.
    await Promise.resolve();
    try {
      while (now() >= waitsUntil()) {
        const due = store.due(now(), PER_ROUND);
        if (due.length === 0) break;
        await settledInTurns(AT_ONCE, due, ({ userId }) => this.#fetchOne(userId));
      }
      const next = store.nextResyncAt();
      return next === undefined ? undefined : Math.max(next, waitsUntil());
    } finally {
      this.#running = undefined;
    }
  }

  async #fetchOne(userId: UserId): Promise<void> {
    if (this.#options.now() < this.#options.waitsUntil()) return;
    const fetched = this.#fetch(userId);
    this.#fetching.set(userId, fetched);
    await fetched.finally(() => this.#fetching.delete(userId));
  }

  async #fetch(userId: UserId): Promise<void> {
    const { store, fetch, asked } = this.#options;
    const change = this.#changed.get(userId);
    const answer = await fetch(userId);
    asked(answer.ok ? undefined : answer.reason);
    store.transaction(() => {
      const held = store.get(userId);
      if (held !== undefined) this.#take(held, answer, this.#changed.get(userId) === change);
    });
  }

  /** @param isLatest whether nothing was heard of since the server was asked. */
  #take(held: StoredList, answer: FederationResult<JsonObject>, isLatest: boolean): void {
    const { store, now, random } = this.#options;
    const told = answer.ok ? listInDevicesAnswer(answer.value, held.userId) : undefined;
    const json = told === undefined ? '' : JSON.stringify(told.list);
    const attempt = held.attempt + 1;
    if (json.length > MAX_LIST_BYTES || isUnknown(answer) || (told === undefined && attempt === MAX_ATTEMPTS)) {
      this.#forget(held.userId, held);
    } else if (told === undefined) {
      const resyncAt = now() + backoffDelayMs(held.attempt + BACKOFF_BEGINS_AT, random());
      store.put({ ...held, isCurrent: false, attempt, resyncAt });
    } else {
      this.#tellOthers(held, json);
      const resyncAt = isLatest ? undefined : now() + AGAIN_MS;
      const { streamId } = told;
      store.put({ ...held, json, streamId, isCurrent: isLatest, checkedAt: now(), resyncAt, attempt: 0 });
    }
  }
}

const isUnknown = (answer: FederationResult<JsonObject>): boolean =>
  !answer.ok && answer.reason.kind === 'refused' && (answer.reason.status === 404 || answer.reason.status === 403);

/** @returns the list itself where it has the change already; `undefined`: the update does not follow on it. */
function updated(held: StoredList, update: DeviceListUpdate): StoredList | undefined {
  if (update.kind === 'unclear') return undefined;
  const list = JSON.parse(held.json) as DeviceList;
  if (update.kind === 'signing-keys') {
    const { master, selfSigning } = update;
    // Which self-signing key another master key has is not told.
    const isUntold = selfSigning === undefined && list.selfSigning !== undefined;
    if (isUntold && !isSameKey(list.master, master)) return undefined;
    return withList(held, {
      ...list,
      ...(master === undefined ? {} : { master }),
      ...(selfSigning === undefined ? {} : { selfSigning }),
    });
  }
  const { streamId, prevIds, deviceId, keys } = update;
  if (streamId === held.streamId) return held;
  const follows = prevIds.length > 0 && prevIds.every((prevId) => prevId === held.streamId);
  return follows ? withList({ ...held, streamId }, withDevice(list, deviceId, keys)) : undefined;
}

/** Whatever signatures they have. */
const isSameKey = (one: JsonObject | undefined, other: JsonObject | undefined): boolean =>
  canonicalJson(one?.['keys'] ?? null) === canonicalJson(other?.['keys'] ?? null);

function withList(held: StoredList, list: DeviceList): StoredList | undefined {
  const json = JSON.stringify(list);
  return json.length > MAX_LIST_BYTES ? undefined : { ...held, json };
}
