import type { RoomAlias, UserId } from '../matrix/ids/brands.ts';
import { isJsonObject, type JsonObject } from '../matrix/json/json-value.ts';
import type { RoomVersionRules } from '../matrix/room-versions/rules.ts';

export type Preset = 'private_chat' | 'public_chat' | 'trusted_private_chat';

export interface InitialState {
  readonly type: string;
  readonly stateKey: string;
  readonly content: JsonObject;
}

/** What a client asks of `POST /createRoom`, checked for shape. */
export interface CreateRoomOptions {
  readonly roomVersion: string | undefined;
  readonly preset: Preset;
  readonly isPublic: boolean;
  readonly isDirect: boolean;
  readonly aliasName: string | undefined;
  readonly name: string | undefined;
  readonly topic: string | undefined;
  readonly invite: readonly UserId[];
  readonly creationContent: JsonObject;
  readonly initialState: readonly InitialState[];
  readonly powerLevelContentOverride: JsonObject;
}

const presets = {
  private_chat: { joinRule: 'invite', guestAccess: 'can_join' },
  trusted_private_chat: { joinRule: 'invite', guestAccess: 'can_join' },
  public_chat: { joinRule: 'public', guestAccess: 'forbidden' },
} as const;

/**
 * The events after the create event, in the order that the specification gives.
 * Source: Client-Server API, `POST /createRoom`.
 */
export function initialEvents(
  rules: RoomVersionRules,
  creator: UserId,
  profile: JsonObject,
  options: CreateRoomOptions & { readonly alias: RoomAlias | undefined },
): readonly InitialState[] {
  const { joinRule, guestAccess } = presets[options.preset];
  const { alias, name, topic } = options;
  const state = (type: string, content: JsonObject, stateKey = ''): InitialState => ({ type, stateKey, content });
  const events = [
    state('m.room.member', { ...profile, membership: 'join' }, creator),
    state('m.room.power_levels', powerLevels(rules, creator, options)),
    ...(alias === undefined ? [] : [state('m.room.canonical_alias', { alias })]),
    ...withoutThoseOf(options.initialState, [
      state('m.room.join_rules', { join_rule: joinRule }),
      state('m.room.history_visibility', { history_visibility: 'shared' }),
      state('m.room.guest_access', { guest_access: guestAccess }),
    ]),
    ...options.initialState,
    ...(name === undefined ? [] : [state('m.room.name', { name })]),
    ...(topic === undefined
      ? []
      : [state('m.room.topic', { topic, 'm.topic': { 'm.text': [{ body: topic, mimetype: 'text/plain' }] } })]),
  ];
  return events;
}

function withoutThoseOf(given: readonly InitialState[], preset: readonly InitialState[]): readonly InitialState[] {
  return preset.filter(
    (event) => !given.some(({ type, stateKey }) => type === event.type && stateKey === event.stateKey),
  );
}

function powerLevels(rules: RoomVersionRules, creator: UserId, options: CreateRoomOptions): JsonObject {
  const trusted = options.preset === 'trusted_private_chat' ? options.invite : [];
  // From version 12 on creators stand above every level and must not be in `users`.
  const users = rules.creatorsArePrivileged ? {} : Object.fromEntries([creator, ...trusted].map((user) => [user, 100]));
  return {
    users,
    users_default: 0,
    events: {
      'm.room.name': 50,
      'm.room.power_levels': 100,
      'm.room.history_visibility': 100,
      'm.room.canonical_alias': 50,
      'm.room.avatar': 50,
      'm.room.tombstone': rules.creatorsArePrivileged ? 150 : 100,
      'm.room.server_acl': 100,
      'm.room.encryption': 100,
    },
    events_default: 0,
    state_default: 50,
    ban: 50,
    kick: 50,
    redact: 50,
    invite: 0,
    ...overrideOf(rules, creator, options.powerLevelContentOverride),
  };
}

/**
 * NOTSPEC: A level for the creator, who needs none from version 12 on, is left out instead of refused: matrix-bot-sdk gives
 * one to every space that it makes, whatever version the room comes to have.
 */
function overrideOf(rules: RoomVersionRules, creator: UserId, override: JsonObject): JsonObject {
  const { users } = override;
  if (!rules.creatorsArePrivileged || !isJsonObject(users)) return override;
  return { ...override, users: Object.fromEntries(Object.entries(users).filter(([user]) => user !== creator)) };
}
