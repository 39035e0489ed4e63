import type { UserId } from '../../matrix/ids/brands.ts';
import type { JsonObject } from '../../matrix/json/json-value.ts';
import type { ToldDeviceLists } from '../device-lists.ts';
import { toDeviceEvent } from '../to-device-event.ts';
import { formatToDeviceToken, type WantedMessages } from './extension-request.ts';
import type { SlidingPlan } from './ports.ts';
import type { RoomPart } from './read-room.ts';
import type { SlidingRequest } from './request.ts';

export interface ToldExtensions {
  readonly body: JsonObject;
  /** Whether there is something in it for which a client waits. */
  readonly isNews: boolean;
}

interface Reader {
  readonly epoch: string;
  readonly userId: UserId;
  readonly request: Pick<SlidingRequest, 'extensions'>;
}

/**
 * The extensions that a client has switched on. Counts of keys and the token of to-device messages are told always.
 * Source: MSC3885, MSC3884, MSC3959, MSC3960, MSC3961.
 */
export function tellExtensions(
  { epoch, request: { extensions } }: Reader,
  plan: SlidingPlan,
  { parts, deviceLists }: { readonly parts: readonly RoomPart[]; readonly deviceLists: ToldDeviceLists | undefined },
): ToldExtensions {
  const accountData = accountDataOf(plan, parts);
  const receipts = Object.fromEntries(
    parts.flatMap(({ roomId, receipts: content }) =>
      content === undefined ? [] : [[roomId, { type: 'm.receipt', content }]],
    ),
  );
  const typing = typingOf(plan);
  const { toDevice } = extensions;
  return {
    isNews:
      deviceLists !== undefined ||
      (plan.toDevice ?? []).length > 0 ||
      [accountData, receipts, typing].some((told) => Object.keys(told).length > 0),
    body: {
      ...(extensions.accountData === undefined ? {} : { account_data: accountData }),
      ...(extensions.receipts === undefined ? {} : { receipts: { rooms: receipts } }),
      ...(extensions.typing === undefined ? {} : { typing: { rooms: typing } }),
      ...(extensions.e2ee ? { e2ee: keysOf(plan, deviceLists) } : {}),
      ...(toDevice === undefined ? {} : { to_device: messagesOf(plan, epoch, toDevice) }),
    },
  };
}

function messagesOf({ toDevice = [] }: SlidingPlan, epoch: string, { since }: WantedMessages): JsonObject {
  const last = toDevice.at(-1);
  const next = last === undefined ? since : { epoch, seq: last.seq };
  return { next_batch: formatToDeviceToken(next), events: toDevice.map(toDeviceEvent) };
}

function accountDataOf(plan: SlidingPlan, parts: readonly RoomPart[]): JsonObject {
  const rooms: Record<string, JsonObject[]> = {};
  const global: JsonObject[] = [];
  const whole = parts.flatMap(({ roomId, accountData = [] }) => accountData.map((event) => ({ roomId, ...event })));
  for (const { roomId, type, content } of [...whole, ...plan.accountData]) {
    (roomId === '' ? global : (rooms[roomId] ??= [])).push({ type, content });
  }
  return {
    ...(global.length === 0 ? {} : { global }),
    ...(Object.keys(rooms).length === 0 ? {} : { rooms }),
  };
}

function typingOf({ typing, ignoredUsers }: SlidingPlan): JsonObject {
  return Object.fromEntries(
    typing.map(({ roomId, userIds }) => {
      const shown = userIds.filter((userId) => !ignoredUsers.includes(userId));
      return [roomId, { type: 'm.typing', content: { user_ids: shown } }];
    }),
  );
}

function keysOf(
  { keys: { oneTimeKeys, unusedFallbackKeys } }: SlidingPlan,
  { changed, left }: ToldDeviceLists = { changed: [], left: [] },
): JsonObject {
  return {
    device_lists: { changed, left },
    device_one_time_keys_count: oneTimeKeys,
    device_unused_fallback_key_types: unusedFallbackKeys,
  };
}
