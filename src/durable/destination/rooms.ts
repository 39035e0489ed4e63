import { withTimeout } from '../../federation/http-fetch.ts';
import type { RoomRange, RoomRangeRequest, RoomRanges } from '../../federation/sending/ports.ts';
import { callObject, type RpcResult } from '../call.ts';
import type { ObjectStubs } from '../objects.ts';

const TIMEOUT_MS = 10_000;

/** What a `Room` answers to a destination that fell behind. */
export interface RangeRpc {
  rangeFor(request: RoomRangeRequest): Promise<RpcResult<RoomRange>>;
}

/** Asks the room objects. */
export function roomRanges(stubs: Pick<ObjectStubs, 'room'>): RoomRanges {
  return {
    read: (request) =>
      withTimeout(TIMEOUT_MS, () =>
        callObject<RangeRpc, RoomRange>(
          () => stubs.room(request.roomId) as unknown as RangeRpc,
          (stub) => stub.rangeFor(request),
        ),
      ),
  };
}
