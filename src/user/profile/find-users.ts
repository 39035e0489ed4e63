import { inOrderOfMatch, userMatch, type FoundUser } from '../../matrix/discovery/user-match.ts';
import type { DeviceStore } from '../devices/device-store.ts';

export interface UserQuery {
  /** As `searchable` makes it. */
  readonly term: string;
  readonly limit: number;
}

/** Users of the shard that fit the term. Source: Client-Server API, `POST /user_directory/search`. */
export function findUsers(people: Pick<DeviceStore, 'profiles'>, { term, limit }: UserQuery): readonly FoundUser[] {
  const found: FoundUser[] = [];
  for (const { userId, profile } of people.profiles()) {
    if (userMatch(term, userId, profile.displayname) === 0) continue;
    found.push({
      user_id: userId,
      ...(profile.displayname === undefined ? {} : { display_name: profile.displayname }),
      ...(profile.avatar_url === undefined ? {} : { avatar_url: profile.avatar_url }),
    });
  }
  return inOrderOfMatch(term, found).slice(0, limit);
}
