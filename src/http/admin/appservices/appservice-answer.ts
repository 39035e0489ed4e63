import type { ShownBacklog } from '../../../appservice/sending/ports.ts';
import type { Registration } from '../../../appservice/ports.ts';

/** A registration as it is shown: as it is given, without its tokens. */
export const appserviceAnswer = (registration: Registration) => ({
  id: registration.id,
  url: registration.url ?? null,
  sender_localpart: registration.senderLocalpart,
  namespaces: registration.namespaces,
  rate_limited: registration.rateLimited,
  protocols: registration.protocols,
  receive_ephemeral: registration.receivesEphemeral,
  ...(registration.knowsOlderEphemeral === true ? { 'de.sorunome.msc2409.push_ephemeral': true } : {}),
  'org.matrix.msc3202': registration.receivesDeviceChanges,
  'eyrie.admin': registration.isAdmin,
  'eyrie.echo': registration.echo,
});

/** What waits for an application service. Times in milliseconds. */
export const backlogAnswer = (backlog: ShownBacklog) => ({
  transaction:
    backlog.transaction === undefined
      ? null
      : {
          txn_id: backlog.transaction.txnId,
          events: backlog.transaction.events,
          made_ts: backlog.transaction.madeTs,
        },
  waiting_rooms: backlog.waitingRooms,
  waiting_positions: backlog.waitingPositions,
  waiting_messages: backlog.waitingMessages ?? null,
  oldest_ts: backlog.oldestTs ?? null,
  failures: backlog.attempts,
  next_try_ts: backlog.attempts === 0 ? null : backlog.until,
  last_error: backlog.lastError ?? null,
  last_error_ts: backlog.lastErrorTs ?? null,
  last_success_ts: backlog.lastSuccessTs ?? null,
  stream_open: backlog.isStreaming,
});
