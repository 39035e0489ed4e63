import type { UserId } from '../../../src/matrix/ids/brands.ts';

/** A user of a server, e.g. `@alice:one.test`. */
export const aUser = (localpart: string, server = 'one.test'): UserId => `@${localpart}:${server}` as UserId;

export const alice = aUser('alice');
export const bob = aUser('bob');
export const carol = aUser('carol');
export const eve = aUser('eve', 'two.test');
