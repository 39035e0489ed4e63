import { bestMatches, type FoundUser } from '../../matrix/discovery/user-match.ts';
import type { DeviceStore } from '../devices/device-store.ts';

export interface UserQuery {
  /** As `searchable` makes it. */
  readonly term: string;
  readonly limit: number;
}

/** Users of the shard that fit the term. Source: Client-Server API, `POST /user_directory/search`. */
export function findUsers(people: Pick<DeviceStore, 'profiles'>, { term, limit }: UserQuery): readonly FoundUser[] {
  return bestMatches(term, people.profiles(), limit);
}
