import type { Config, Env } from '../../config.ts';
import { MatrixError } from '../../matrix/error.ts';
import type { ServerName } from '../../matrix/ids/brands.ts';
import type { UserRoom } from '../../user/progress/store.ts';
import { objectStubs } from '../objects.ts';
import { roomClient } from '../room/client.ts';
import { settingsOf } from '../settings.ts';
import { withinTime } from '../within-time.ts';

const CALL_TIMEOUT_MS = 10_000;

export interface Audience {
  readonly room: Pick<UserRoom, 'roomId' | 'membership'>;
  readonly shards: readonly string[];
  readonly servers: readonly ServerName[];
}

/** Asks rooms who is in them. One that refuses is none of ours: nobody in it is to be told. */
export function audienceOf(env: Env, config: Config): (room: Audience['room']) => Promise<Audience> {
  const rooms = roomClient(objectStubs(env, config), settingsOf(env, config));
  return async (room) => {
    try {
      return { room, ...(await withinTime(CALL_TIMEOUT_MS, rooms.audience({ roomId: room.roomId }))) };
    } catch (error) {
      if (error instanceof MatrixError && error.status < 500) return { room, shards: [], servers: [] };
      throw error;
    }
  };
}
