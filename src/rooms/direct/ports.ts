import type { RoomId, UserId } from '../../matrix/ids/brands.ts';
import type { Asker, RoomsDeps } from '../ports.ts';

/** Which room the direct chat of a set of users is. `memberSet` names the set. */
export interface DirectRooms {
  roomOf(memberSet: string): Promise<RoomId | undefined>;
  /**
   * Takes the right to find or make the room of a set, until `until` (ms).
   * @returns `undefined` while somebody else has it; else the room that was noted.
   */
  claim(
    memberSet: string,
    holder: string,
    time: { readonly now: number; readonly until: number },
  ): Promise<{ readonly roomId: RoomId | undefined } | undefined>;
  /** @returns false where the right is another's by now; nothing was noted then. */
  note(memberSet: string, holder: string, roomId: RoomId | undefined): Promise<boolean>;
  release(memberSet: string, holder: string): Promise<void>;
  /**
   * Rooms that, by what the projection knows, may be the chat of these, the oldest first: no more are joined than
   * `everybody`, and of our own users those in `everybody` are in it and no others.
   */
  candidates(creator: UserId, everybody: readonly UserId[]): Promise<readonly RoomId[]>;
}

/** See the room's answer to the same question. */
export interface DirectStanding {
  readonly isDirect: boolean;
  readonly pending: readonly UserId[];
  readonly missing: readonly UserId[];
  readonly wasLeft: boolean;
}

/** Whether a user can be written to; the results are those of the check of users. */
export interface CheckedMember {
  readonly result: 'ok' | 'policy-denied' | 'connection-failed' | 'user-not-found' | 'undisclosed';
  readonly error?: string;
}

export interface DirectDeps {
  readonly rooms: RoomsDeps;
  readonly direct: DirectRooms;
  readonly room: {
    directRoom(call: {
      roomId: RoomId;
      creator: UserId;
      members: readonly UserId[];
    }): Promise<DirectStanding | undefined>;
  };
  readonly check: (userIds: readonly UserId[]) => Promise<ReadonlyMap<UserId, CheckedMember>>;
  /** Rooms that the user's clients have marked as direct chats. */
  readonly markedBy: (user: Asker) => Promise<readonly string[]>;
}
