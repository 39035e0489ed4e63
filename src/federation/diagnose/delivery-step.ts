// Whether what was sent has arrived: a server that takes transactions may still drop what is in them
import { eventIdOf } from '../../matrix/event/hashes.ts';
import type { ServerName } from '../../matrix/ids/brands.ts';
import type { JsonObject } from '../../matrix/json/json-value.ts';
import { roomVersionRules } from '../../matrix/room-versions/versions.ts';
import type { FederationResult } from '../client.ts';
import { describeFailure, type FederationFailure } from '../failure.ts';
import { getEvent } from '../operations/get-event.ts';
import { NOT_TRUSTED } from './not-trusted.ts';
import type { DiagnoseDeps, SentEvent } from './ports.ts';
import { failed, notExercised, ok, type Finding } from './step.ts';

/** Servers answer a transaction before they have decided what is in it: what was just made is asked for again. */
const JUST_MADE_MS = 60_000;
const TRIES = 3;
const PAUSE_MS = 1_000;

/**
 * Asks for the newest event of a user of ours that the server was sent and answered for: nobody is sent anything for the
 * sake of it. The event ID is a hash, so what comes back under it is the event itself.
 */
export async function delivery(deps: DiagnoseDeps, server: ServerName): Promise<Finding> {
  const { rooms, sent } = await deps.lastSent(server);
  if (rooms === 0) {
    return notExercised(
      'It shares no room with us in which something was sent: invite a user of it, say something, and look again.',
    );
  }
  if (sent === undefined) {
    return notExercised(
      `Of the rooms shared with it (${rooms} were looked at) nothing that our users said was taken by it yet: say something there, and look again.`,
    );
  }
  const what = `${sent.eventId} in ${sent.roomId}, made at ${new Date(sent.ts).toISOString()}`;
  const asked = await askFor(deps, server, sent);
  if (!asked.ok) return notThere(what, asked.reason);
  const rules = roomVersionRules(sent.roomVersion);
  const came = rules === undefined ? undefined : eventIdOf(rules, asked.value);
  if (came?.ok === true && came.value === sent.eventId) return ok(`It has ${what}.`);
  return failed(`It answered with another event than ${what}.`, 'What it keeps of our events is not what we sent.');
}

async function askFor(deps: DiagnoseDeps, server: ServerName, sent: SentEvent): Promise<FederationResult<JsonObject>> {
  const { client, after, now } = deps;
  const ask = () => getEvent(client, { destination: server, eventId: sent.eventId });
  let answer = await ask();
  for (let tried = 1; tried < TRIES && now() - sent.ts < JUST_MADE_MS && isUnknown(answer); tried += 1) {
    await after(PAUSE_MS);
    answer = await ask();
  }
  return answer;
}

const isUnknown = (answer: FederationResult<JsonObject>) =>
  !answer.ok && answer.reason.kind === 'refused' && answer.reason.errcode === 'M_NOT_FOUND';

function notThere(what: string, reason: FederationFailure): Finding {
  const seen = `${what}: ${describeFailure(reason)}`;
  if (reason.kind !== 'refused' || reason.status >= 500)
    return failed(seen, 'It could not say whether it has the event: see what it logs of the request.');
  const { status, errcode } = reason;
  if (status === 429) return notExercised(seen);
  if (status === 401) return failed(seen, NOT_TRUSTED);
  if (status === 403) {
    return failed(
      seen,
      'For it we are not in this room: it lacks our join, or the room keeps us out (m.room.server_acl). Let our users leave and join again over it.',
    );
  }
  if (status === 404 && errcode === 'M_NOT_FOUND') {
    return failed(
      seen,
      'It took the transaction, and not the event: its log says why. Say something more in the room, so that it asks us for what it lacks, and look again.',
    );
  }
  return failed(seen, 'What answers there does not know the path: see that it is the homeserver.');
}
