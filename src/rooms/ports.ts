import type { Pdu } from '../matrix/event/pdu.ts';
import type { SigningKey } from '../matrix/crypto/ed25519.ts';
import type { EventId, RoomAlias, RoomId, ServerName, UserId } from '../matrix/ids/brands.ts';
import type { JsonObject } from '../matrix/json/json-value.ts';
import type { Result } from '../matrix/result.ts';
import type { RoomVersionRules } from '../matrix/room-versions/rules.ts';
import type { RoomLimits } from './room-limits.ts';
import type { JoinStanding, StandingRooms } from './join-standing.ts';

export interface Sent {
  readonly eventId: EventId;
  /** The room's head after the event. */
  readonly pos: number;
}

/** A local user who asks. */
export interface Asker {
  readonly userId: UserId;
  readonly shard: string;
  /** May join only rooms that admit guests. */
  readonly isGuest?: boolean;
}

export type MembershipAction = 'join' | 'invite' | 'knock' | 'leave' | 'kick' | 'ban' | 'unban';

export interface MembershipCall {
  readonly roomId: RoomId;
  readonly action: MembershipAction;
  readonly sender: UserId;
  readonly target: UserId;
  readonly targetShard?: string;
  readonly content: JsonObject;
  /** The content is the event's, key by key: another one is a change, whatever it changes. */
  readonly isWhole?: boolean;
  /** Refused unless the target is joined already. */
  readonly onlyIfJoined?: boolean;
  /** Of an invitation of an address, which is now exchanged. */
  readonly isExchange?: boolean;
  /** Of a join: the user is a guest. */
  readonly isGuest?: boolean;
  /** Of a join that depends on other rooms. */
  readonly standing?: JoinStanding;
  /** Milliseconds; else now. */
  readonly originServerTs?: number;
}

export interface CheckedPdu {
  readonly eventId: EventId;
  /** Canonical JSON without `unsigned`. */
  readonly json: string;
}

/** An invitation that the invitee's server has to sign. */
export interface InviteDraft {
  readonly eventId: EventId;
  /** Canonical JSON, signed by us. */
  readonly json: string;
  readonly roomVersion: string;
  readonly inviteRoomState: readonly JsonObject[];
}

/** The room objects, as far as entering and leaving them goes. Refusals are thrown as MatrixError. */
export interface RoomObjects extends StandingRooms {
  status(call: { roomId: RoomId }): Promise<{
    readonly lifecycle: string;
    readonly roomVersion: string | undefined;
    /** Whether a join over another server is under way. */
    readonly isJoining: boolean;
    /** Where an administrator has closed the room to our users. */
    readonly shutdown?: object;
  }>;
  /** Servers with a joined user. */
  joinedServers(call: { roomId: RoomId }): Promise<readonly ServerName[]>;
  create(call: {
    roomId: RoomId;
    roomVersion: string;
    create: CheckedPdu;
    creatorShard: string;
    initial: readonly { readonly type: string; readonly stateKey: string; readonly content: JsonObject }[];
  }): Promise<Sent>;
  changeMembership(call: MembershipCall): Promise<Sent>;
  draftInvite(call: MembershipCall): Promise<InviteDraft>;
  commitInvite(call: { roomId: RoomId; eventId: EventId; signatures: JsonObject }): Promise<Sent>;
  /** The draft is given up. */
  dropInvite(call: { roomId: RoomId; eventId: EventId }): Promise<void>;
  rejectInvite(call: { roomId: RoomId; userId: UserId; content: JsonObject }): Promise<Sent>;
  /** Of a local user: the present membership, and the servers that can be asked about it. */
  heldMembership(call: {
    roomId: RoomId;
    userId: UserId;
  }): Promise<{ readonly membership: string; readonly servers: readonly ServerName[] } | undefined>;
  /** Keeps a knock that another server took. */
  receiveKnock(call: {
    roomId: RoomId;
    roomVersion: string;
    pdu: CheckedPdu;
    shard: string;
    server: ServerName;
    knockRoomState: readonly JsonObject[];
  }): Promise<Sent>;
  /**
   * Servers of members who may invite, which can let a local user into a restricted room where we cannot. The room notes
   * where the user is, for whose join comes from one of them.
   */
  grantingServers(call: { roomId: RoomId; userId: UserId; shard: string }): Promise<readonly ServerName[]>;
  /** @returns the run that the join is in. Throws 503 while another join is under way. */
  startJoin(call: {
    roomId: RoomId;
    roomVersion: string;
    userId: UserId;
    shard: string;
    pdu: CheckedPdu;
    server: ServerName;
    left: readonly ServerName[];
    content: JsonObject;
    run?: number;
  }): Promise<number>;
  /** Says that the join is worked on. @returns whether this run still counts. */
  renewJoin(call: { roomId: RoomId; run: number }): Promise<boolean>;
  takeJoinEvents(call: {
    roomId: RoomId;
    run: number;
    isState: boolean;
    events: readonly (CheckedPdu & { readonly unverified?: ServerName })[];
  }): Promise<void>;
  settleJoin(call: {
    roomId: RoomId;
    run: number;
    offset: number;
  }): Promise<{ readonly offset: number | undefined; readonly stored: number }>;
  finishJoin(call: { roomId: RoomId; run: number; pdu: CheckedPdu }): Promise<Sent>;
  failJoin(call: {
    roomId: RoomId;
    run: number;
    server: ServerName;
    isRefused: boolean;
    isFinal: boolean;
  }): Promise<boolean>;
}

/** Why another server did not do what it was asked. */
export interface RemoteFailure {
  /** `refused`: it answered with a Matrix error, which may be passed on. `denied`: our settings forbid to ask it. */
  readonly kind: 'refused' | 'denied' | 'unreachable';
  readonly status?: number;
  readonly errcode?: string;
  readonly error: string;
}

/** Takes the events of the answer to a join as they arrive. */
export type TakeJoinEvents = (part: 'state' | 'auth_chain', events: readonly JsonObject[]) => Promise<void>;

/** Other servers, each call signed and bounded. */
export interface RemoteServers {
  makeJoin(
    server: ServerName,
    query: { roomId: RoomId; userId: UserId; versions: readonly string[] },
  ): Promise<Result<{ readonly roomVersion: string; readonly event: JsonObject }, RemoteFailure>>;
  /** `omitMembers`: who is in the room already needs its members not. */
  sendJoin(
    server: ServerName,
    query: { roomId: RoomId; eventId: EventId; event: JsonObject; omitMembers?: boolean },
    take: TakeJoinEvents,
  ): Promise<Result<{ readonly event: JsonObject | undefined }, RemoteFailure>>;
  /** Whether the server has the event, and shows it to us. */
  knowsEvent(server: ServerName, eventId: EventId): Promise<Result<boolean, RemoteFailure>>;
  makeLeave(
    server: ServerName,
    query: { roomId: RoomId; userId: UserId },
  ): Promise<Result<{ readonly roomVersion: string; readonly event: JsonObject }, RemoteFailure>>;
  sendLeave(
    server: ServerName,
    query: { roomId: RoomId; eventId: EventId; event: JsonObject },
  ): Promise<Result<void, RemoteFailure>>;
  makeKnock(
    server: ServerName,
    query: { roomId: RoomId; userId: UserId; versions: readonly string[] },
  ): Promise<Result<{ readonly roomVersion: string; readonly event: JsonObject }, RemoteFailure>>;
  /** @returns `knock_room_state`, which nobody has checked yet. */
  sendKnock(
    server: ServerName,
    query: { roomId: RoomId; eventId: EventId; event: JsonObject },
  ): Promise<Result<readonly JsonObject[], RemoteFailure>>;
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
  /** As the server counts, and says. */
  roomEntry(
    server: ServerName,
    roomId: RoomId,
  ): Promise<
    Result<
      {
        readonly isPublic: boolean;
        readonly joinedMembers: number;
        readonly isEncrypted: boolean;
        readonly guestCanJoin: boolean;
      },
      RemoteFailure
    >
  >;
  resolveAlias(
    alias: RoomAlias,
  ): Promise<Result<{ readonly roomId: RoomId; readonly servers: readonly ServerName[] }, RemoteFailure>>;
}

/** An event that passed but for a key that could not be fetched in time. */
export interface UnverifiedPdu {
  readonly pdu: Pdu;
  readonly server: ServerName;
}

/** Checks of events that another server gave us: format, signatures, content hash. What fails is left out. */
export interface PduChecker {
  check(rules: RoomVersionRules, events: readonly JsonObject[]): Promise<readonly Pdu[]>;
  /** The same, telling apart what only lacks a key. @param late resolves when no more keys are waited for. */
  sort(
    rules: RoomVersionRules,
    events: readonly JsonObject[],
    late: Promise<void>,
  ): Promise<{ readonly checked: readonly Pdu[]; readonly unverified: readonly UnverifiedPdu[] }>;
  /** Whether the event carries a valid signature of this server. */
  isSignedBy(rules: RoomVersionRules, pdu: Pdu, server: ServerName): Promise<boolean>;
  /** Whether a signature that the event must carry is missing or wrong. A key that cannot be fetched now proves neither. */
  isForged(rules: RoomVersionRules, pdu: Pdu): Promise<boolean>;
}

/** Rooms whose object may be addressed. A row precedes every object. */
export interface RoomRegistry {
  has(roomId: RoomId): Promise<boolean>;
  add(roomId: RoomId, roomVersion: string): Promise<void>;
  /** Of a room that is there: what its object has adopted. */
  setVersion(roomId: RoomId, roomVersion: string): Promise<void>;
  setPublished(roomId: RoomId, published: boolean): Promise<void>;
}

/** Our own aliases. */
export interface Aliases {
  resolve(alias: RoomAlias): Promise<RoomId | undefined>;
  /** The same, having asked whoever may make what does not exist. Throws 408 where they do not answer. */
  find(alias: RoomAlias): Promise<RoomId | undefined>;
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
  /** Whether the user wants no invitations. */
  blocksInvites(user: Asker): Promise<boolean>;
  /** Whether the user may meet other servers. */
  mayFederate(userId: UserId): Promise<boolean>;
}

/** Of joins over other servers, few are under way at once (contracts, section 9). */
export interface Tickets {
  /** Works as soon as there is a ticket for the user. Throws 503 where there is none for long. */
  hold<T>(userId: UserId, work: () => Promise<T>): Promise<T>;
}

export interface RoomsDeps {
  readonly serverName: ServerName;
  readonly rooms: RoomObjects;
  readonly remote: RemoteServers;
  readonly tickets: Tickets;
  readonly pdus: PduChecker;
  readonly registry: RoomRegistry;
  readonly aliases: Aliases;
  readonly users: LocalUsers;
  /** Takes an event of a room that we are in as one that this server sent. Resolves when it is decided, or kept. */
  readonly receive: (server: ServerName, roomId: RoomId, pdu: CheckedPdu) => Promise<void>;
  readonly signingKey: () => Promise<SigningKey>;
  readonly defaultRoomVersion: () => Promise<string>;
  /** Of rooms of other servers that a local user joins. */
  readonly roomLimits: () => Promise<RoomLimits>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly after: (delayMs: number) => Promise<void>;
  readonly randomId: () => string;
}
