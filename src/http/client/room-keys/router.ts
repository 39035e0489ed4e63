import { Hono } from 'hono';

import { allKeys } from './all-keys.ts';
import { currentBackup } from './current-backup.ts';
import type { RoomKeysDeps } from './deps.ts';
import { keyOfSession } from './key-of-session.ts';
import { keysOfRoom } from './keys-of-room.ts';
import { oneBackup } from './one-backup.ts';

/** Encrypted copies of room keys. */
export const roomKeysRoutes = (deps: RoomKeysDeps) =>
  new Hono()
    .route('/', currentBackup(deps))
    .route('/', oneBackup(deps))
    .route('/', allKeys(deps))
    .route('/', keysOfRoom(deps))
    .route('/', keyOfSession(deps));
