import { buildPdu, type PduDraft } from '../../../src/matrix/event/build.ts';
import type { Pdu } from '../../../src/matrix/event/pdu.ts';
import type { EventId, RoomId, UserId } from '../../../src/matrix/ids/brands.ts';
import { rulesOf } from '../core/rules-of.ts';
import type { TestServer } from '../core/test-keys.ts';

/** A membership event as a server makes and signs it: its user joins, unless `changes` say otherwise. */
export function aMembership(
  server: TestServer,
  membership: string,
  changes: Partial<PduDraft> & { readonly version?: string } = {},
): Pdu {
  const { version = '11', ...draft } = changes;
  const rules = rulesOf(version);
  const sender = `@alice:${server.name}` as UserId;
  const built = buildPdu(
    rules,
    {
      roomId: '!room:peer.test' as RoomId,
      type: 'm.room.member',
      sender,
      stateKey: sender,
      content: { membership },
      prevEvents: ['$prev' as EventId],
      authEvents: ['$auth' as EventId],
      depth: 3,
      originServerTs: 1_700_000_000_000,
      ...(rules.eventId === 'sender'
        ? { eventId: `$chosen:${server.name}` as EventId, referenceHashOf: () => 'aGFzaA' }
        : {}),
      ...draft,
    },
    server.name,
    server.signingKey,
  );
  if (!built.ok) throw new Error(built.reason.kind);
  return built.value;
}
