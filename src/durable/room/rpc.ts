import type { EventId, RoomId, ServerName, UserId } from '../../matrix/ids/brands.ts';
import type { JsonObject } from '../../matrix/json/json-value.ts';
import type { CreateRoomInput } from '../../room/create/create-room.ts';
import type { SendInput, Sent } from '../../room/send/send-event.ts';
import type { Verdict } from '../../room/decide/verdict.ts';
import type { RpcResult } from '../call.ts';

/** What every call into a room carries. Objects; unknown fields are ignored and new ones optional. */
export interface RoomCall {
  readonly roomId: RoomId;
  /** The same ID acts once, for ten minutes. */
  readonly opId?: string;
}

export interface CreateCall extends RoomCall {
  readonly roomVersion: string;
  readonly create: { readonly eventId: EventId; readonly json: JsonObject };
  readonly creatorShard: string;
  readonly initial: CreateRoomInput['initial'];
}

export interface SendCall extends RoomCall, SendInput {
  /** Of the sender: kept with the membership. */
  readonly shard: string;
}

/** A PDU as the Worker has checked it: format, signatures and content hash. */
export interface CheckedPdu {
  readonly eventId: EventId;
  /** Canonical JSON without `unsigned`. */
  readonly json: string;
  readonly provisional: boolean;
}

export interface DecideCall extends RoomCall {
  readonly origin: ServerName;
  readonly pdus: readonly (CheckedPdu & { readonly claim?: readonly EventId[] })[];
}

/** The RPC surface of a `Room`. */
export interface RoomRpc {
  create(call: CreateCall): Promise<RpcResult<Sent>>;
  send(call: SendCall): Promise<RpcResult<Sent>>;
  decide(call: DecideCall): Promise<RpcResult<readonly Verdict[]>>;
  /** The resolved shard of each local user named, as far as the room knows. */
  head(call: RoomCall & { readonly userId: UserId }): Promise<RpcResult<{ readonly head: number }>>;
}
