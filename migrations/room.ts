import birth from './room/0000_birth.sql';

/** The migrations of a `Room` object, oldest first. */
export const roomMigrations: readonly string[] = [birth];
