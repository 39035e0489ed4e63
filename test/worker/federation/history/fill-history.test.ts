import { expect, test } from 'vitest';

import { fillHistory } from '../../../../src/federation/history/fill-history.ts';
import type { FederationFailure } from '../../../../src/federation/failure.ts';
import type { EventId, ServerName } from '../../../../src/matrix/ids/brands.ts';
import { aServer } from '../../../support/core/test-keys.ts';
import { aSignedPdu, roomId } from '../../../support/worker/a-remote-room.ts';

const peer = aServer('peer.test');
const hole = '$hole' as EventId;

const refusal = (status: number): FederationFailure => ({
  kind: 'refused',
  status,
  errcode: undefined,
  error: undefined,
  retryAfterMs: undefined,
});

/** Has history fetched where servers answer so. @returns who was found to refuse, and what was stored. */
async function filled(servers: Readonly<Record<string, (target: string) => unknown>>, isStored = true) {
  const refusedBy: ServerName[] = [];
  const got = await fillHistory(
    {
      serverName: 'us.test' as ServerName,
      client: {
        request: async ({ destination, target }: { destination: ServerName; target: string }) => {
          const answer = servers[destination]?.(target);
          return typeof answer === 'number' ? { ok: false, reason: refusal(answer) } : { ok: true, value: answer };
        },
      } as never,
      rooms: {
        frontier: async () => ({ servers: Object.keys(servers) as ServerName[] }),
        unknownEvents: async ({ eventIds }) => eventIds,
        storeOutliers: async () => [],
        backfilled: async () => isStored,
        serverRefused: async ({ server }) => {
          refusedBy.push(server);
          throw new Error('the room does not answer');
        },
      },
      knownRooms: { versionOf: async () => '11' },
      pdus: { check: async () => [aSignedPdu(peer, [aSignedPdu(peer)])] },
    },
    roomId,
    [hole],
    10,
  );
  return { got, refusedBy };
}

test('the room is told which servers do not show us its history, and only of those', async () => {
  const { got, refusedBy } = await filled({
    'forbids.test': () => 403,
    'lacks.test': () => 404,
    'ails.test': () => 500,
  });
  expect(got).toBe(false);
  expect(refusedBy).toEqual(['forbids.test']);
});

test('a server that gives history and not the state before it is told too, and the history is kept', async () => {
  const { got, refusedBy } = await filled({
    'peer.test': (target) => (target.includes('/backfill/') ? { pdus: [{}] } : 403),
  });
  expect(got).toBe(true);
  expect(refusedBy).toEqual(['peer.test']);
});
