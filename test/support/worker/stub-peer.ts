import { vi } from 'vitest';

import type { TestServer } from '../core/test-keys.ts';
import { aKeyAnswer } from './a-key-answer.ts';
import { stubFetch } from './stub-fetch.ts';

/** From here on a peer that tells its keys is all that can be reached; what it answers besides can be told later. */
export function stubPeer(peer: TestServer): ReturnType<typeof stubFetch> {
  const peers = stubFetch({ [`https://${peer.name}/_matrix/key/v2/server`]: () => Response.json(aKeyAnswer(peer)) });
  vi.spyOn(globalThis, 'fetch').mockImplementation((url, init) =>
    peers.fetch(url as string, init as Parameters<typeof peers.fetch>[1]),
  );
  return peers;
}
