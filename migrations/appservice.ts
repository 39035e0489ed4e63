import birth from './appservice/0000_birth.sql';
import interest from './appservice/0001_interest.sql';
import appserviceMessages from './appservice/0002_appservice_messages.sql';
import deviceNews from './appservice/0003_device_news.sql';
import keyUsers from './appservice/0004_key_users.sql';

/** The migrations of an `AppService` object, oldest first. */
export const appserviceMigrations: readonly string[] = [birth, interest, appserviceMessages, deviceNews, keyUsers];
