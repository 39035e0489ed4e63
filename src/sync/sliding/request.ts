import { invalidParam } from '../../matrix/error.ts';
import type { RequiredState, StateElement } from '../../matrix/event/required-state.ts';
import type { RoomId, UserId } from '../../matrix/ids/brands.ts';
import { parseRoomId } from '../../matrix/ids/room-id.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../matrix/json/json-value.ts';
import { readExtensions, type SlidingExtensions } from './extension-request.ts';

/** What is wanted of the rooms that a rule matches. */
export interface WantedRoom {
  readonly timelineLimit: number;
  readonly requiredState: RequiredState;
}

/** Source: MSC4186, `SlidingRoomFilter`. */
export interface ListFilter {
  readonly isDirect?: boolean;
  readonly isEncrypted?: boolean;
  readonly isInvited?: boolean;
  readonly roomTypes?: readonly (string | null)[];
  readonly notRoomTypes?: readonly (string | null)[];
  readonly tags?: readonly string[];
  readonly notTags?: readonly string[];
}

export interface WantedList extends WantedRoom {
  readonly name: string;
  readonly ranges: readonly (readonly [number, number])[] | undefined;
  readonly filter: ListFilter;
  /** Only rooms of one of these; `undefined`: of any or none. */
  readonly spaces: readonly RoomId[] | undefined;
}

/** A request of sliding sync, whichever of its two forms it had. */
export interface SlidingRequest {
  readonly connId: string;
  readonly lists: readonly WantedList[];
  readonly subscriptions: readonly (WantedRoom & { readonly roomId: RoomId })[];
  readonly extensions: SlidingExtensions;
}

/** Source: MSC4186, "Request Body", and bounds of ours. */
const MAX_LISTS = 100;
const MAX_SUBSCRIPTIONS = 100;
const MAX_TIMELINE = 100;
const MAX_RANGES = 100;
const MAX_ELEMENTS = 256;
/** Of all lists and subscriptions together: each is compared with the state of each room that is told. */
const MAX_ELEMENTS_IN_ALL = 1_000;
const MAX_NAMES = 256;
const MAX_SPACES = 100;
const MAX_TEXT = 255;

/** Source: Appendices, "Opaque Identifiers". */
const OPAQUE = /^[0-9A-Za-z._~-]{1,255}$/;

/**
 * Reads both forms of a request: that of MSC4186 (`range`, `include`), and that which clients send to the unstable path
 * (`ranges`, pairs of type and state key with `$ME`, `$LAZY` and `*`). Throws `M_INVALID_PARAM`.
 */
export function readSlidingRequest(body: JsonObject, userId: UserId): SlidingRequest {
  const lists = Object.entries(objectOf(body['lists'], 'lists'));
  const subscriptions = Object.entries(objectOf(body['room_subscriptions'], 'room_subscriptions'));
  if (lists.length > MAX_LISTS) throw invalidParam(`There are more than ${MAX_LISTS} lists`);
  if (subscriptions.length > MAX_SUBSCRIPTIONS) {
    throw invalidParam(`There are more than ${MAX_SUBSCRIPTIONS} room_subscriptions`);
  }
  const wanted = lists.map(([name, list]) => readList(name, objectOf(list, `lists.${name}`), userId));
  if (new Set(wanted.flatMap(({ spaces = [] }) => spaces)).size > MAX_SPACES) {
    throw invalidParam(`The filters name more than ${MAX_SPACES} spaces`);
  }
  // Who subscribes to what is no room is told of none.
  const subscribed = subscriptions.flatMap(([roomId, room]) =>
    isRoomId(roomId) ? [{ roomId, ...readRoom(objectOf(room, 'room_subscriptions'), userId) }] : [],
  );
  const elements = [...wanted, ...subscribed].flatMap(({ requiredState: { include, exclude } }) => [include, exclude]);
  if (elements.flat().length > MAX_ELEMENTS_IN_ALL) {
    throw invalidParam(`required_state has more than ${MAX_ELEMENTS_IN_ALL} elements in all`);
  }
  return {
    connId: textOf(body['conn_id'], 'conn_id') ?? '',
    lists: wanted,
    subscriptions: subscribed,
    extensions: readExtensions(objectOf(body['extensions'], 'extensions')),
  };
}

function readList(name: string, list: JsonObject, userId: UserId): WantedList {
  if (!OPAQUE.test(name)) throw invalidParam('A list has a name that is no opaque identifier');
  const filters = objectOf(list['filters'], 'filters');
  return {
    name,
    ranges: readRanges(list),
    filter: readFilter(filters),
    spaces: namesOf(filters, 'spaces')?.filter(isRoomId),
    ...readRoom(list, userId),
  };
}

function readRanges({ range, ranges }: JsonObject): WantedList['ranges'] {
  const given: JsonValue | undefined = range === undefined ? ranges : [range];
  if (given === undefined) return undefined;
  if (!Array.isArray(given) || given.length > MAX_RANGES) throw invalidParam(`ranges has at most ${MAX_RANGES} ranges`);
  return (given as readonly JsonValue[]).map((pair) => {
    const [first, last] = Array.isArray(pair) && pair.length === 2 ? (pair as readonly JsonValue[]) : [];
    if (!isCount(first) || !isCount(last) || last < first) throw invalidParam('A range is two indices, first and last');
    return [first, last] as const;
  });
}

function readFilter(filters: JsonObject): ListFilter {
  const isDirect = flagOf(filters, 'is_dm');
  const isEncrypted = flagOf(filters, 'is_encrypted');
  const isInvited = flagOf(filters, 'is_invited') ?? flagOf(filters, 'is_invite');
  const roomTypes = typesOf(filters, 'room_types');
  const notRoomTypes = typesOf(filters, 'not_room_types');
  const tags = namesOf(filters, 'tags');
  const notTags = namesOf(filters, 'not_tags');
  return {
    ...(isDirect === undefined ? {} : { isDirect }),
    ...(isEncrypted === undefined ? {} : { isEncrypted }),
    ...(isInvited === undefined ? {} : { isInvited }),
    ...(roomTypes === undefined ? {} : { roomTypes }),
    ...(notRoomTypes === undefined ? {} : { notRoomTypes }),
    ...(tags === undefined ? {} : { tags }),
    ...(notTags === undefined ? {} : { notTags }),
  };
}

function readRoom(room: JsonObject, userId: UserId): WantedRoom {
  const limit = room['timeline_limit'];
  if (!isCount(limit)) throw invalidParam('timeline_limit is a number of events');
  return {
    timelineLimit: Math.min(limit, MAX_TIMELINE),
    requiredState: readRequiredState(room['required_state'], userId),
  };
}

function readRequiredState(json: JsonValue | undefined, userId: UserId): RequiredState {
  if (json === undefined) return { include: [], exclude: [], lazyMembers: false };
  if (isJsonObject(json)) {
    return {
      include: readElements(json['include']),
      exclude: readElements(json['exclude']),
      lazyMembers: json['lazy_members'] === true,
    };
  }
  if (!Array.isArray(json) || json.length > MAX_ELEMENTS) {
    throw invalidParam(`required_state has at most ${MAX_ELEMENTS} elements`);
  }
  return readPairs(json as readonly JsonValue[], userId);
}

function readElements(json: JsonValue | undefined): readonly StateElement[] {
  if (json === undefined) return [];
  if (!Array.isArray(json) || json.length > MAX_ELEMENTS) {
    throw invalidParam(`required_state has at most ${MAX_ELEMENTS} elements`);
  }
  return (json as readonly JsonValue[]).map((element) => {
    const { type, state_key: stateKey } = objectOf(element, 'required_state');
    if ((type !== undefined && typeof type !== 'string') || (stateKey !== undefined && typeof stateKey !== 'string')) {
      throw invalidParam('type and state_key of required_state are text');
    }
    return { ...(type === undefined ? {} : { type }), ...(stateKey === undefined ? {} : { stateKey }) };
  });
}

/** All members that are asked for by `*` are not loaded lazily, whatever else is asked for. */
function readPairs(pairs: readonly JsonValue[], userId: UserId): RequiredState {
  const include: StateElement[] = [];
  let isLazy = false;
  for (const pair of pairs) {
    const [type, stateKey] = Array.isArray(pair) && pair.length === 2 ? (pair as readonly JsonValue[]) : [];
    if (typeof type !== 'string' || typeof stateKey !== 'string') {
      throw invalidParam('required_state is pairs of type and state key');
    }
    if (stateKey === '$LAZY') isLazy ||= type === 'm.room.member';
    else {
      include.push({
        ...(type === '*' ? {} : { type }),
        ...(stateKey === '*' ? {} : { stateKey: stateKey === '$ME' ? userId : stateKey }),
      });
    }
  }
  const wantsAllMembers = include.some((one) => one.type === 'm.room.member' && one.stateKey === undefined);
  return { include, exclude: [], lazyMembers: isLazy && !wantsAllMembers };
}

function isRoomId(text: string): text is RoomId {
  return parseRoomId(text).ok;
}

function isCount(value: JsonValue | undefined): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

function objectOf(value: JsonValue | undefined, name: string): JsonObject {
  if (value === undefined || value === null) return {};
  if (!isJsonObject(value)) throw invalidParam(`${name} is no object`);
  return value;
}

function textOf(value: JsonValue | undefined, name: string): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'string' || value.length > MAX_TEXT) {
    throw invalidParam(`${name} is text of at most ${MAX_TEXT} characters`);
  }
  return value;
}

function flagOf(filters: JsonObject, name: string): boolean | undefined {
  const value = filters[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'boolean') throw invalidParam(`${name} is true or false`);
  return value;
}

function typesOf(filters: JsonObject, name: string): readonly (string | null)[] | undefined {
  const value = filters[name];
  if (value === undefined || value === null) return undefined;
  const isTypes = (types: readonly JsonValue[]): types is readonly (string | null)[] =>
    types.every((type) => type === null || typeof type === 'string');
  if (!Array.isArray(value) || value.length > MAX_NAMES || !isTypes(value)) {
    throw invalidParam(`${name} is a list of at most ${MAX_NAMES} types`);
  }
  return value;
}

function namesOf(filters: JsonObject, name: string): readonly string[] | undefined {
  const names = typesOf(filters, name);
  if (names?.includes(null) === true) throw invalidParam(`${name} is a list of names`);
  return names as readonly string[] | undefined;
}
