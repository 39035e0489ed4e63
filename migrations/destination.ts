import birth from './destination/0000_birth.sql';

/** The migrations of a `Destination` object, oldest first. */
export const destinationMigrations: readonly string[] = [birth];
