import birth from './user/0000_birth.sql';

/** The migrations of a `User` object, oldest first. */
export const userMigrations: readonly string[] = [birth];
