import type { ShardClient } from '../../durable/user/client.ts';
import { invalidParam } from '../../matrix/error.ts';
import type { RoomId } from '../../matrix/ids/brands.ts';
import { parsePointToken, pointAfter } from '../../room/read/history-point.ts';
import type { HistoryKey } from '../../room/store.ts';
import { parsePos } from '../../sync/sliding/pos.ts';
import { parseSyncToken } from '../../sync/token.ts';

interface Tokens {
  readonly shard: Pick<ShardClient, 'positionAt'>;
  readonly epoch: () => Promise<string>;
}

/**
 * The point that a pagination token names, or that after everything which a token of either sync covers.
 * @returns `undefined` for no token, and for a sync token that is of another epoch or knows nothing of the room.
 * Throws `M_INVALID_PARAM` for what is neither. Source: contracts, section 1, "Token".
 */
export async function pointOfToken(
  { shard, epoch }: Tokens,
  roomId: RoomId,
  text: string | undefined,
): Promise<HistoryKey | undefined> {
  if (text === undefined) return undefined;
  const point = parsePointToken(text);
  if (point !== undefined) return point;
  const token = parseSyncToken(text) ?? parsePos(text)?.token;
  if (token === undefined) throw invalidParam('This is no token of this server');
  const pos = token.epoch === (await epoch()) ? await shard.positionAt({ roomId, seq: token.seq }) : undefined;
  return pos === undefined ? undefined : pointAfter({ anchor: pos, sub: 0 });
}

/** The position whose state holds at a point: the point stands before its event. */
export function positionOf({ anchor, sub }: HistoryKey): number {
  return sub > 0 ? anchor : anchor - 1;
}
