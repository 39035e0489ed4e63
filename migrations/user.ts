import birth from './user/0000_birth.sql';
import deviceKeys from './user/0001_device_keys.sql';
import roomJobs from './user/0002_room_jobs.sql';
import pushers from './user/0003_pushers.sql';
import presence from './user/0004_presence.sql';
import grantsAndStanding from './user/0005_grants_and_standing.sql';
import profileFields from './user/0006_profile_fields.sql';
import slidingSync from './user/0007_sliding_sync.sql';
import sessionMakers from './user/0008_session_makers.sql';
import deviceLists from './user/0009_device_lists.sql';
import keyBackup from './user/0010_key_backup.sql';
import toDevice from './user/0011_to_device.sql';
import deviceNews from './user/0012_device_news.sql';
import roomJobMakers from './user/0013_room_job_makers.sql';
import deviceListJoins from './user/0014_device_list_joins.sql';
import deviceListTrackers from './user/0015_device_list_trackers.sql';

/** The migrations of a `User` object, oldest first. */
export const userMigrations: readonly string[] = [birth, deviceKeys, roomJobs, pushers, presence, grantsAndStanding, profileFields, slidingSync, sessionMakers, deviceLists, keyBackup, toDevice, deviceNews, roomJobMakers, deviceListJoins, deviceListTrackers];
