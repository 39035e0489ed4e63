import { mayFind } from '../../matrix/discovery/may-find.ts';
import type { RoomSummary } from '../../matrix/discovery/room-summary.ts';
import { inOrder, readSpaceChild, SPACE, type SpaceChild } from '../../matrix/discovery/space-child.ts';
import { userIdServer } from '../../matrix/ids/user-id.ts';
import type { RoomId, ServerName, UserId } from '../../matrix/ids/brands.ts';
import { plainJson } from '../../matrix/json/plain-json.ts';
import { roomVersionRules } from '../../matrix/room-versions/versions.ts';
import { heldMembership } from '../membership/out-of-band.ts';
import { isAllowed } from '../servers/require-allowed.ts';
import type { RoomStore } from '../store.ts';
import { describeRoom } from './describe-room.ts';

/** Who looks: a user of ours, another server, or somebody of whom nothing is known. */
export type Finder =
  | { readonly kind: 'user'; readonly userId: UserId }
  | { readonly kind: 'server'; readonly server: ServerName }
  | { readonly kind: 'anybody' };

export interface FindQuery {
  readonly finder: Finder;
  /** Rooms that know the finder as a member. */
  readonly memberOf?: readonly RoomId[];
}

export type FindAnswer =
  | {
      readonly kind: 'found';
      readonly summary: RoomSummary;
      /** Of a space: what belongs to it, in its order. */
      readonly children: readonly SpaceChild[];
      /** Of a user. */
      readonly membership?: string;
    }
  /** It is shown to members of one of these rooms. */
  | { readonly kind: 'depends'; readonly on: readonly RoomId[] }
  | { readonly kind: 'hidden' }
  /** We are not in it. */
  | { readonly kind: 'elsewhere'; readonly membership?: string };

/** Rooms of a space that are looked at. */
const MAX_CHILDREN = 1_000;

/**
 * What the room tells of itself to somebody who may not be in it. Source: Client-Server API,
 * `GET /rooms/{roomId}/hierarchy`; Server-Server API, `GET /hierarchy/{roomId}`.
 */
export function findRoom(store: RoomStore, { finder, memberOf = [] }: FindQuery): FindAnswer {
  if (store.meta.lifecycle() !== 'live') {
    const held = finder.kind === 'user' ? heldMembership(store, finder.userId)?.membership : undefined;
    return { kind: 'elsewhere', ...(held === undefined ? {} : { membership: held }) };
  }
  if (finder.kind === 'server' && !isAllowed(store, finder.server)) return { kind: 'hidden' };
  const summary = describeRoom(store);
  const shownTo = shownToFinder(store, summary, finder);
  const conditions = summary.allowed_room_ids ?? [];
  if (shownTo === 'nobody') return { kind: 'hidden' };
  if (shownTo === 'members' && !conditions.some((roomId) => memberOf.includes(roomId))) {
    return finder.kind === 'anybody' ? { kind: 'hidden' } : { kind: 'depends', on: conditions };
  }
  return {
    kind: 'found',
    summary,
    children: summary.room_type === SPACE ? childrenOf(store) : [],
    ...(finder.kind === 'user' ? { membership: membershipOf(store, finder.userId) } : {}),
  };
}

function shownToFinder(store: RoomStore, summary: RoomSummary, finder: Finder): ReturnType<typeof mayFind> {
  const standing = standingOf(store, finder);
  if (standing === 'inside') return 'everybody';
  return mayFind(summary, roomVersionRules(store.meta.roomVersion()), standing === 'ban');
}

/** Whether the finder is in the room or invited, or is kept out. */
function standingOf(store: RoomStore, finder: Finder): 'inside' | 'outside' | 'ban' {
  if (finder.kind === 'anybody') return 'outside';
  if (finder.kind === 'user') {
    const membership = membershipOf(store, finder.userId);
    if (membership === 'ban') return 'ban';
    return membership === 'join' || membership === 'invite' ? 'inside' : 'outside';
  }
  const head = store.stream.head();
  const isInvited = () =>
    store.state.membersAt('invite', head).some(({ userId }) => userIdServer(userId) === finder.server);
  return store.state.serversAt(head).includes(finder.server) || isInvited() ? 'inside' : 'outside';
}

function membershipOf(store: RoomStore, userId: UserId): string {
  const eventId = store.state.at('m.room.member', userId, store.stream.head());
  const membership = eventId === undefined ? undefined : store.events.get(eventId)?.pdu.content['membership'];
  return typeof membership === 'string' ? membership : 'leave';
}

function childrenOf(store: RoomStore): readonly SpaceChild[] {
  const ids = store.state.ofTypeAt('m.space.child', store.stream.head(), MAX_CHILDREN);
  return inOrder(
    ids.flatMap((id) => {
      const pdu = store.events.get(id)?.pdu;
      if (pdu?.stateKey === undefined) return [];
      const { type, stateKey, sender, content, originServerTs } = pdu;
      const child = readSpaceChild({
        type,
        state_key: stateKey,
        sender,
        content: plainJson(content),
        origin_server_ts: originServerTs,
      });
      return child === undefined ? [] : [child];
    }),
  );
}
