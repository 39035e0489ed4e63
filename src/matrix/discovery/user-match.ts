import { searchable } from './search-text.ts';

/** A user as a directory shows them. Source: Client-Server API, "User Directory". */
export interface FoundUser {
  readonly user_id: string;
  readonly display_name?: string;
  readonly avatar_url?: string;
}

/**
 * How well a user fits a term that went through `searchable`: 3 for the whole name or local part, 2 where one of them
 * or a word of the name begins so, 1 where it is somewhere in the user ID or the name, 0 where it is not.
 */
function userMatch(term: string, userId: string, displayName: string | undefined): 0 | 1 | 2 | 3 {
  const id = searchable(userId);
  const localpart = id.slice(1, id.indexOf(':'));
  const name = searchable(displayName ?? '');
  const sought = term.startsWith('@') ? term.slice(1) : term;
  if (localpart === sought || name === term || id === term) return 3;
  if (
    localpart.startsWith(sought) ||
    name.split(/\s+/u).some((word) => word.startsWith(term)) ||
    name.startsWith(term)
  ) {
    return 2;
  }
  return id.includes(term) || name.includes(term) ? 1 : 0;
}

/** Those that fit the term, the best first; of equals those with a name, then by user ID. */
export function bestMatches(term: string, users: Iterable<FoundUser>, limit: number): readonly FoundUser[] {
  const ranked: { readonly user: FoundUser; readonly rank: number }[] = [];
  for (const user of users) {
    const rank = userMatch(term, user.user_id, user.display_name);
    if (rank > 0) ranked.push({ user, rank });
  }
  return ranked
    .toSorted(
      (a, b) =>
        b.rank - a.rank ||
        Number(b.user.display_name !== undefined) - Number(a.user.display_name !== undefined) ||
        (a.user.user_id < b.user.user_id ? -1 : 1),
    )
    .slice(0, limit)
    .map(({ user }) => user);
}
