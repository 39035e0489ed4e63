import type { ListedRoom } from '../../../rooms/room-list.ts';

const UNSAID = { encrypted: null, tombstoned: null, servers: [] };

/** What the projection knows of a room, as the admin API shows it. */
export const roomAnswer = ({ summary, details, ...room }: ListedRoom) => ({
  name: summary?.name ?? null,
  topic: summary?.topic ?? null,
  canonical_alias: summary?.canonical_alias ?? null,
  room_type: summary?.room_type ?? null,
  join_rule: summary?.join_rule ?? null,
  joined_members: room.joinedMembers,
  joined_local_members: room.joinedLocalMembers,
  public: room.isPublished,
  ...(details ?? UNSAID),
});
