import type { DeviceListUpdate } from '../../federation/device-lists/ports.ts';
import type { FoundList, KeptList, Mark } from '../../federation/device-lists/remote-device-lists.ts';
import type { KeyAnswer } from '../../federation/key-ring.ts';
import type { KeyWish } from '../../federation/published-answer.ts';
import type { LatestEdu } from '../../federation/sending/edu-buffer.ts';
import type { KeptEdu, OfferAnswer, RoomCursor, RoomOffer } from '../../federation/sending/ports.ts';
import type { Standing } from '../../federation/sending/standing.ts';
import type { StagedPdu } from '../../federation/staging/ports.ts';
import type { ParkedEvent, RetryAnswer } from '../../federation/receive/retry-parked.ts';
import type { EventId, RoomId, ServerName, UserId } from '../../matrix/ids/brands.ts';
import type { InviteDraft } from '../../room/membership/remote-invite.ts';
import type { ResumedJoin } from '../../room/join/join-saga.ts';
import type { CheckedPdu } from '../room/rpc.ts';
import type { RpcResult } from '../call.ts';

/** What every call into a destination carries. Objects; unknown fields are ignored and new ones optional. */
export interface DestinationCall {
  /** Its name: the object keeps it from its first call on. */
  readonly server: ServerName;
  /** Of the settings by which the caller acts. See `Settings.hear`. */
  readonly settingsRevision?: number | undefined;
}

/** The RPC surface of a `Destination`. No call needs an operation ID: to repeat one changes nothing. */
export interface DestinationRpc {
  /** A range of a room's stream for this server. See `Sender.offer`. */
  offer(call: DestinationCall & { readonly offer: RoomOffer }): Promise<RpcResult<OfferAnswer>>;
  /** EDUs of which only the latest of each key counts. Kept in memory. */
  offerEdus(call: DestinationCall & { readonly edus: readonly LatestEdu[] }): Promise<RpcResult<void>>;
  /** EDUs that may not be lost, in this order. Durable when it is answered. See `Sender.keepEdus`. */
  keepEdus(call: DestinationCall & { readonly edus: readonly KeptEdu[] }): Promise<RpcResult<void>>;
  /** What the server told of devices of its users, of which the shards here hear. Durable when it is answered. */
  noteDeviceLists(call: DestinationCall & { readonly updates: readonly DeviceListUpdate[] }): Promise<RpcResult<void>>;
  /** Those device lists of these users that are kept. See `RemoteDeviceLists.find`. */
  deviceLists(call: DestinationCall & { readonly userIds: readonly UserId[] }): Promise<RpcResult<KnownLists>>;
  /** See `RemoteDeviceLists.keep`. */
  keepDeviceLists(
    call: DestinationCall & { readonly mark: Mark; readonly lists: readonly KeptList[] },
  ): Promise<RpcResult<void>>;
  /** The server was heard of: what waits for it is worth a try now. Does nothing in an object that was never born. */
  wake(call: DestinationCall): Promise<RpcResult<void>>;
  /** Tells the server that a user of ours has rejected its invitation. @returns whether it knows now. */
  tellRejection(
    call: DestinationCall & { readonly roomId: RoomId; readonly userId: UserId },
  ): Promise<RpcResult<boolean>>;
  /** Fetches from the server what parked events of a room lack, and has the room decide them. */
  retryParked(
    call: DestinationCall & { readonly roomId: RoomId; readonly pdus: readonly ParkedEvent[] },
  ): Promise<RpcResult<RetryAnswer>>;
  /** A room did not take PDUs of the server. @returns whether they are kept here and fed to it later. */
  notTaken(
    call: DestinationCall & { readonly roomId: RoomId; readonly pdus: readonly StagedPdu[] },
  ): Promise<RpcResult<boolean>>;
  /** Has the server sign an invitation that its inviter asked for, and the room commit it. */
  askForInvite(
    call: DestinationCall & { readonly roomId: RoomId; readonly draft: InviteDraft },
  ): Promise<RpcResult<void>>;
  /** Goes on with a join that nobody works on any more, over this server. What comes of it, the room is told. */
  resumeJoin(call: DestinationCall & { readonly roomId: RoomId; readonly join: ResumedJoin }): Promise<RpcResult<void>>;
  /** Where the server has received a join that came to nothing here, tells it that the user has left. */
  withdrawJoin(call: DestinationCall & JoinWithdrawal): Promise<RpcResult<boolean>>;
  /** Checks the signatures of events that only lacked this server's key. */
  verifyEvents(call: DestinationCall & UnverifiedEvents): Promise<RpcResult<VerifiedEvents>>;
  /** Rooms of which the server was lately sent something, at most 8. Those of an object that was never born are none. */
  latestRooms(call: DestinationCall): Promise<RpcResult<readonly RoomId[]>>;
  /** How sending to the server stands. See `standingOf`. In an object that was never born nothing waits. */
  standing(call: DestinationCall & { readonly refused: number }): Promise<RpcResult<Standing>>;
  /** Where these rooms have got to, of which the server was not sent everything. Of an object that was never born: none. */
  cursorsOf(call: DestinationCall & { readonly roomIds: readonly RoomId[] }): Promise<RpcResult<readonly RoomCursor[]>>;
  /** A verify key of the server, fetched where it is not held or has run out. See `ServerKeyRing.keyFor`. */
  keyFor(
    call: DestinationCall & { readonly keyId: string; readonly validAt: number | undefined },
  ): Promise<RpcResult<KeyAnswer>>;
  /** The server's own answer about its keys. See `ServerKeyRing.publishedAnswer`. */
  keyAnswer(call: DestinationCall & { readonly wish: KeyWish }): Promise<RpcResult<string | undefined>>;
}

export interface KnownLists {
  readonly mark: Mark;
  readonly lists: readonly FoundList[];
  /** The server did not answer lately, and is left alone. */
  readonly isAway: boolean;
}

export interface JoinWithdrawal {
  readonly userId: UserId;
  readonly roomId: RoomId;
  readonly eventId: EventId;
  /** Since the join failed. */
  readonly ageMs: number;
}

export interface UnverifiedEvents {
  readonly roomVersion: string;
  readonly events: readonly CheckedPdu[];
}

/** What is in neither list still lacks a key. */
export interface VerifiedEvents {
  readonly verified: readonly CheckedPdu[];
  /** A signature is missing or wrong. */
  readonly forged: readonly EventId[];
}
