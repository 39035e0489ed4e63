import birth from './destination/0000_birth.sql';
import staging from './destination/0001_staging.sql';
import keptEdus from './destination/0002_kept_edus.sql';
import changedUsers from './destination/0003_changed_users.sql';
import deviceLists from './destination/0004_device_lists.sql';

/** The migrations of a `Destination` object, oldest first. */
export const destinationMigrations: readonly string[] = [birth, staging, keptEdus, changedUsers, deviceLists];
