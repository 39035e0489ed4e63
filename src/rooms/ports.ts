import type { Pdu } from '../matrix/event/pdu.ts';
import type { SigningKey } from '../matrix/crypto/ed25519.ts';
import type { EventId, RoomAlias, RoomId, ServerName, UserId } from '../matrix/ids/brands.ts';
import type { JsonObject } from '../matrix/json/json-value.ts';
import type { Result } from '../matrix/result.ts';
import type { RoomVersionRules } from '../matrix/room-versions/rules.ts';

export interface Sent {
  readonly eventId: EventId;
  /** The room's head after the event. */
  readonly pos: number;
}

/** A local user who asks. */
export interface Asker {
  readonly userId: UserId;
  readonly shard: string;
}

export type MembershipAction = 'join' | 'invite' | 'leave' | 'kick' | 'ban' | 'unban';

export interface MembershipCall {
  readonly roomId: RoomId;
  readonly action: MembershipAction;
  readonly sender: UserId;
  readonly target: UserId;
  readonly targetShard?: string;
  readonly content: JsonObject;
  /** Refused unless the target is joined already. */
  readonly onlyIfJoined?: boolean;
}

export interface CheckedPdu {
  readonly eventId: EventId;
  /** Canonical JSON without `unsigned`. */
  readonly json: string;
}

/** The room objects, as far as entering and leaving them goes. Refusals are thrown as MatrixError. */
export interface RoomObjects {
  status(call: { roomId: RoomId }): Promise<{ readonly lifecycle: string; readonly roomVersion: string | undefined }>;
  create(call: {
    roomId: RoomId;
    roomVersion: string;
    create: CheckedPdu;
    creatorShard: string;
    initial: readonly { readonly type: string; readonly stateKey: string; readonly content: JsonObject }[];
  }): Promise<Sent>;
  changeMembership(call: MembershipCall): Promise<Sent>;
  draftInvite(call: MembershipCall): Promise<{
    readonly eventId: EventId;
    readonly json: string;
    readonly roomVersion: string;
    readonly inviteRoomState: readonly JsonObject[];
  }>;
  commitInvite(call: { roomId: RoomId; eventId: EventId; signatures: JsonObject }): Promise<Sent>;
  rejectInvite(call: { roomId: RoomId; userId: UserId; content: JsonObject }): Promise<Sent>;
  /** Of a local user: the sender of the event that made the present membership. */
  inviter(call: { roomId: RoomId; userId: UserId }): Promise<UserId | undefined>;
  startJoin(call: {
    roomId: RoomId;
    roomVersion: string;
    userId: UserId;
    shard: string;
    pdu: CheckedPdu;
    servers: readonly ServerName[];
  }): Promise<void>;
  storeOutliers(call: { roomId: RoomId; pdus: readonly CheckedPdu[] }): Promise<readonly EventId[]>;
  finishJoin(call: { roomId: RoomId; userId: UserId; pdu: CheckedPdu; state: readonly EventId[] }): Promise<Sent>;
  abandonJoin(call: { roomId: RoomId; eventId: EventId }): Promise<void>;
}

/** Why another server did not do what it was asked. */
export interface RemoteFailure {
  /** `refused`: it answered with a Matrix error, which may be passed on. */
  readonly kind: 'refused' | 'unreachable';
  readonly status?: number;
  readonly errcode?: string;
  readonly error: string;
}

export interface SendJoinAnswer {
  readonly event: JsonObject | undefined;
  readonly state: readonly JsonObject[];
  readonly authChain: readonly JsonObject[];
}

/** Other servers, each call signed and bounded. */
export interface RemoteServers {
  makeJoin(
    server: ServerName,
    query: { roomId: RoomId; userId: UserId; versions: readonly string[] },
  ): Promise<Result<{ readonly roomVersion: string; readonly event: JsonObject }, RemoteFailure>>;
  sendJoin(
    server: ServerName,
    query: { roomId: RoomId; eventId: EventId; event: JsonObject },
  ): Promise<Result<SendJoinAnswer, RemoteFailure>>;
  makeLeave(
    server: ServerName,
    query: { roomId: RoomId; userId: UserId },
  ): Promise<Result<{ readonly roomVersion: string; readonly event: JsonObject }, RemoteFailure>>;
  sendLeave(
    server: ServerName,
    query: { roomId: RoomId; eventId: EventId; event: JsonObject },
  ): Promise<Result<void, RemoteFailure>>;
  /** @returns the event as the invitee's server signed it. */
  invite(
    server: ServerName,
    query: {
      roomId: RoomId;
      eventId: EventId;
      roomVersion: string;
      event: JsonObject;
      inviteRoomState: readonly JsonObject[];
    },
  ): Promise<Result<JsonObject, RemoteFailure>>;
  /** As the server counts. */
  roomSize(
    server: ServerName,
    roomId: RoomId,
  ): Promise<Result<{ readonly isPublic: boolean; readonly joinedMembers: number }, RemoteFailure>>;
  resolveAlias(
    alias: RoomAlias,
  ): Promise<Result<{ readonly roomId: RoomId; readonly servers: readonly ServerName[] }, RemoteFailure>>;
}

/** Checks of events that another server gave us: format, signatures, content hash. What fails is left out. */
export interface PduChecker {
  check(rules: RoomVersionRules, events: readonly JsonObject[]): Promise<readonly Pdu[]>;
  /** Whether the event carries a valid signature of this server. */
  isSignedBy(rules: RoomVersionRules, pdu: Pdu, server: ServerName): Promise<boolean>;
  /** Whether a signature that the event must carry is missing or wrong. A key that cannot be fetched now proves neither. */
  isForged(rules: RoomVersionRules, pdu: Pdu): Promise<boolean>;
}

/** Rooms whose object may be addressed. A row precedes every object. */
export interface RoomRegistry {
  has(roomId: RoomId): Promise<boolean>;
  add(roomId: RoomId, roomVersion: string): Promise<void>;
  setPublished(roomId: RoomId, published: boolean): Promise<void>;
}

/** Our own aliases. */
export interface Aliases {
  resolve(alias: RoomAlias): Promise<RoomId | undefined>;
  /** Throws `M_ROOM_IN_USE` for one that is taken. */
  reserve(alias: RoomAlias, roomId: RoomId, creator: UserId): Promise<void>;
  activate(alias: RoomAlias): Promise<void>;
  remove(alias: RoomAlias): Promise<void>;
}

/** Local accounts. */
export interface LocalUsers {
  /** `undefined`: no such account, or one that is deactivated. */
  shardOf(userId: UserId): Promise<string | undefined>;
  profileOf(user: Asker): Promise<{ readonly displayname?: string; readonly avatar_url?: string }>;
}

export interface RoomsDeps {
  readonly serverName: ServerName;
  readonly rooms: RoomObjects;
  readonly remote: RemoteServers;
  readonly pdus: PduChecker;
  readonly registry: RoomRegistry;
  readonly aliases: Aliases;
  readonly users: LocalUsers;
  readonly signingKey: () => Promise<SigningKey>;
  readonly defaultRoomVersion: () => Promise<string>;
  /** Of a public room of other servers that a local user joins; 0: any number. */
  readonly maxPublicMembers: () => Promise<number>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly randomId: () => string;
}
