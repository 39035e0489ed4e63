import birth from './room/0000_birth.sql';
import parkedRetries from './room/0001_parked_retries.sql';
import joinEvents from './room/0002_join_events.sql';
import erasures from './room/0003_erasures.sql';
import staging from './room/0004_staging.sql';
import forgottenRooms from './room/0005_forgotten_rooms.sql';
import pulledEvents from './room/0006_pulled_events.sql';
import relations from './room/0007_relations.sql';
import rejected from './room/0008_rejected.sql';
import guests from './room/0009_guests.sql';
import madeBy from './room/0010_made_by.sql';
import expired from './room/0011_expired.sql';

/** The migrations of a `Room` object, oldest first. */
export const roomMigrations: readonly string[] = [birth, parkedRetries, joinEvents, erasures, staging, forgottenRooms, pulledEvents, relations, rejected, guests, madeBy, expired];
