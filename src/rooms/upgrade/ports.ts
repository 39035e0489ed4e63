import type { EventId, RoomId, ServerName, UserId } from '../../matrix/ids/brands.ts';
import type { JsonObject } from '../../matrix/json/json-value.ts';
import type { InitialState } from '../initial-events.ts';
import type { Asker, InviteDraft, MembershipCall, Sent } from '../ports.ts';
import type { RoomReader } from '../room-reader.ts';

/** See `UpgradeSource` of the room. */
export interface ReplacedRoom {
  readonly roomVersion: string;
  readonly create: JsonObject;
  readonly creators: readonly UserId[];
  readonly state: readonly InitialState[];
  readonly levels: JsonObject | undefined;
  readonly bans: readonly InitialState[];
  readonly lastEventId: EventId;
}

interface Replacing {
  readonly roomId: RoomId;
  readonly userId: UserId;
  readonly replacement: RoomId;
}

/** The room objects, as far as the end of one and the beginning of another go. Refusals are thrown as MatrixError. */
export interface UpgradedRooms extends RoomReader {
  upgradeSource(call: { roomId: RoomId; userId: UserId }): Promise<ReplacedRoom>;
  /** Sends the tombstone; from then on the room itself sees to what is left to do. */
  beginUpgrade(call: Replacing): Promise<Sent>;
  /** Aliases, directory and power levels are done. */
  directoryMoved(call: { roomId: RoomId; replacement: RoomId }): Promise<void>;
  send(call: {
    roomId: RoomId;
    draft: { type: string; stateKey: string; sender: UserId; content: JsonObject };
  }): Promise<Sent>;
}

export interface MovedDirectory {
  /** Aliases of ours: all of one room become the other's. */
  moveAliases(from: RoomId, to: RoomId): Promise<void>;
  isPublished(roomId: RoomId): Promise<boolean>;
  setPublished(roomId: RoomId, published: boolean): Promise<void>;
}

/** What a user has set for a room, for the room that replaces it. */
export interface CarriedSettings {
  carrySettings(user: Asker, from: RoomId, to: RoomId): Promise<void>;
}

export interface MoveDeps {
  readonly serverName: ServerName;
  readonly room: Pick<UpgradedRooms, 'status' | 'readStateEvent' | 'send'>;
  readonly directory: MovedDirectory;
  readonly settings: CarriedSettings;
}

/** How members come along. */
export interface TakeAlongDeps {
  readonly serverName: ServerName;
  readonly rooms: {
    changeMembership(call: MembershipCall): Promise<Sent>;
    draftInvite(call: MembershipCall): Promise<InviteDraft>;
    /** Of those who have, or had, any. */
    membershipsOf(call: {
      roomId: RoomId;
      userIds: readonly UserId[];
    }): Promise<Readonly<Partial<Record<UserId, string>>>>;
  };
  readonly users: {
    shardOf(userId: UserId): Promise<string | undefined>;
    profileOf(user: Asker): Promise<{ readonly displayname?: string; readonly avatar_url?: string }>;
  };
  readonly settings: CarriedSettings;
  /** Has the server of an invited user sign the invitation, and commits it. */
  readonly askForInvite: (server: ServerName, roomId: RoomId, draft: InviteDraft) => Promise<void>;
}
