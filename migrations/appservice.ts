import birth from './appservice/0000_birth.sql';

/** The migrations of an `AppService` object, oldest first. */
export const appserviceMigrations: readonly string[] = [birth];
