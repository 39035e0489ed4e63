import { privilegedCreators, roomCreator } from '../../matrix/auth/creators.ts';
import { membershipOf } from '../../matrix/auth/membership.ts';
import { userPowerLevel } from '../../matrix/auth/power-levels.ts';
import { eyrieConflict, forbidden, invalidParam } from '../../matrix/error.ts';
import type { EventId, UserId } from '../../matrix/ids/brands.ts';
import { isJsonObject, type JsonObject } from '../../matrix/json/json-value.ts';
import { requireLive } from '../lifecycle.ts';
import type { RoomContext } from '../room-context.ts';
import { authStateOf } from '../state/state-at.ts';
import { sendEvent } from './send-event.ts';

export interface PowerLevelInput {
  readonly sender: UserId;
  readonly target: UserId;
  /** `null` takes the user's own entry away. */
  readonly level: number | null;
  /** What the caller believes that the user has. */
  readonly expected?: number;
}

export interface PowerLevelSet {
  /** Where an event was sent. */
  readonly eventId?: EventId;
  /** What the user had, and has now. */
  readonly previous: number;
  readonly level: number;
}

/**
 * Sets what one user may do, in the transaction that is open: between the levels that are read and those that are sent
 * nothing comes. Nothing is sent where the user has that level already.
 * Throws `M_FORBIDDEN`, `M_INVALID_PARAM` for a creator of a version whose creators stand above all levels, and
 * `EYRIE_CONFLICT` with `previous` where the user has another level than is expected.
 */
export function setPowerLevel(ctx: RoomContext, { sender, target, level, expected }: PowerLevelInput): PowerLevelSet {
  const { store, rules } = ctx;
  requireLive(store.meta);
  const state = authStateOf(store, { pos: store.stream.head(), group: null });
  // Who is not in the room is told nothing about the levels in it.
  if (membershipOf(state, sender) !== 'join') throw forbidden('The sender is not in this room');
  const create = state('m.room.create', '');
  if (create === undefined) throw new Error('a live room has no create event');
  if (privilegedCreators(rules, create).includes(target)) {
    throw invalidParam(`${target} is a creator of this room, and stands above every power level`);
  }
  const previous = Number(userPowerLevel(rules, state, target));
  if (expected !== undefined && expected !== previous) {
    throw eyrieConflict(`${target} has the power level ${previous}`, { previous });
  }
  const content = state('m.room.power_levels', '')?.content ?? firstLevels(ctx, roomCreator(rules, create));
  const users = isJsonObject(content['users']) ? content['users'] : {};
  const changes = level === null ? Object.hasOwn(users, target) : level !== previous;
  if (!changes) return { previous, level: previous };
  const { [target]: _before, ...others } = users;
  const { eventId } = sendEvent(ctx, {
    type: 'm.room.power_levels',
    stateKey: '',
    sender,
    content: { ...content, users: level === null ? others : { ...others, [target]: level } },
  });
  const after = userPowerLevel(rules, authStateOf(store, { pos: store.stream.head(), group: null }), target);
  return { eventId, previous, level: Number(after) };
}

/** A room without levels has one above all: its creator, who must not lose it by the first that are set. */
function firstLevels({ rules }: RoomContext, creator: string | undefined): JsonObject {
  return creator === undefined || rules.creatorsArePrivileged ? {} : { users: { [creator]: 100 } };
}
