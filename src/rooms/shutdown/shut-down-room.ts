import { invalidParam } from '../../matrix/error.ts';
import type { RoomId, UserId } from '../../matrix/ids/brands.ts';
import { userIdServer } from '../../matrix/ids/user-id.ts';
import { createRoom } from '../create-room.ts';
import type { RoomsDeps } from '../ports.ts';

export interface ShutdownDeps {
  readonly rooms: RoomsDeps;
  readonly room: {
    status(call: { readonly roomId: RoomId }): Promise<{ readonly shutdown?: { readonly notice?: object } }>;
    shutDown(call: {
      readonly roomId: RoomId;
      readonly by: UserId;
      readonly notice?: { readonly roomId: RoomId; readonly userId: UserId };
    }): Promise<void>;
    send(call: {
      readonly roomId: RoomId;
      readonly draft: {
        readonly type: string;
        readonly sender: UserId;
        readonly content: { readonly [key: string]: string };
      };
    }): Promise<unknown>;
  };
}

/** A message to those who are removed, in a room of its own. */
export interface ShutdownNotice {
  readonly message: string;
  readonly name: string;
  /** A user of ours in whose name it is. */
  readonly userId: UserId;
}

/**
 * Closes a room to the users of this server: from then on nobody of them joins it or is invited to it, and the room sees
 * to it that who is in it leaves. Nobody but the author speaks in the room of the notice, of which a room that stays closed has one.
 * Throws `M_INVALID_PARAM` for a notice by somebody who is no user here.
 */
export async function shutDownRoom(
  deps: ShutdownDeps,
  { roomId, by, notice }: { readonly roomId: RoomId; readonly by: UserId; readonly notice?: ShutdownNotice },
): Promise<void> {
  // Who asks again, having got no answer or because some could not leave, keeps the room that is there.
  const isTold = notice === undefined || (await deps.room.status({ roomId })).shutdown?.notice !== undefined;
  const told = isTold ? undefined : await noticeRoom(deps, notice);
  await deps.room.shutDown({ roomId, by, ...(told === undefined ? {} : { notice: told }) });
}

async function noticeRoom({ rooms, room }: ShutdownDeps, { message, name, userId }: ShutdownNotice) {
  const shard = userIdServer(userId) === rooms.serverName ? await rooms.users.shardOf(userId) : undefined;
  if (shard === undefined) throw invalidParam('The author of the notice is no user of this server');
  const roomId = await createRoom(
    rooms,
    { userId, shard },
    {
      roomVersion: undefined,
      preset: 'private_chat',
      name,
      topic: undefined,
      aliasName: undefined,
      creationContent: { 'm.federate': false },
      powerLevelContentOverride: { events_default: 100, invite: 100 },
      initialState: [],
      invite: [],
      isDirect: false,
      isPublic: false,
    },
  );
  await room.send({
    roomId,
    draft: { type: 'm.room.message', sender: userId, content: { msgtype: 'm.notice', body: message } },
  });
  return { roomId, userId };
}
