import birth from './user/0000_birth.sql';
import deviceKeys from './user/0001_device_keys.sql';

/** The migrations of a `User` object, oldest first. */
export const userMigrations: readonly string[] = [birth, deviceKeys];
