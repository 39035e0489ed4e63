// Whether we may have been removed from a room while we were away (contracts, section 9).
import type { ServerName } from '../../matrix/ids/brands.ts';
import { roomIsDoubtful } from '../../observability/events.ts';
import type { RoomContext } from '../room-context.ts';
import type { RoomMeta } from '../store.ts';

/** Servers that make a room doubtful by refusing within {@link WITHIN_MS}. */
const ENOUGH = 3;
const WITHIN_MS = 24 * 60 * 60 * 1000;

/** The values of `meta`. */
const REFUSALS = 'refusals';
const DOUBTFUL = 'doubtful';

interface Refusal {
  readonly server: ServerName;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

export interface Doubt {
  /** When the last of these servers refused, in milliseconds since the epoch. */
  readonly since: number;
  readonly servers: readonly ServerName[];
}

/**
 * A server of the room answered 403 when it was asked for its state or history. The third one within a day marks the
 * room, for the administrator alone: a server says what it likes, so nothing else follows from it.
 */
export function noteRefused({ store, now }: Pick<RoomContext, 'store' | 'now'>, server: ServerName): void {
  const { meta, state, stream } = store;
  if (meta.lifecycle() !== 'live' || doubtOf(meta) !== undefined) return;
  if (!state.serversAt(stream.head()).includes(server)) return;
  const earlier = refusalsOf(meta).filter((refusal) => refusal.server !== server && now - refusal.at < WITHIN_MS);
  const refusals = [...earlier, { server, at: now }];
  meta.set(REFUSALS, JSON.stringify(refusals));
  if (refusals.length < ENOUGH) return;
  const servers = refusals.map((refusal) => refusal.server);
  meta.set(DOUBTFUL, JSON.stringify({ since: now, servers } satisfies Doubt));
  roomIsDoubtful({ roomId: meta.roomId(), servers: servers.join(' ') });
}

/** We are in the room after all: it was joined anew, or a server gave its state to an administrator. */
export function endDoubt(meta: RoomMeta): void {
  for (const key of [REFUSALS, DOUBTFUL]) if ((meta.get(key) ?? '') !== '') meta.set(key, '');
}

export function doubtOf(meta: RoomMeta): Doubt | undefined {
  const kept = meta.get(DOUBTFUL) ?? '';
  return kept === '' ? undefined : (JSON.parse(kept) as Doubt);
}

function refusalsOf(meta: RoomMeta): readonly Refusal[] {
  const kept = meta.get(REFUSALS) ?? '';
  return kept === '' ? [] : (JSON.parse(kept) as readonly Refusal[]);
}
