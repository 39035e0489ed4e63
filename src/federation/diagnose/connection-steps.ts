// Whether a server can be connected to, and what it shows
import { isJsonObject, type JsonObject } from '../../matrix/json/json-value.ts';
import type { ServerName } from '../../matrix/ids/brands.ts';
import type { FederationResult } from '../client.ts';
import { describeFailure } from '../failure.ts';
import { getVersion } from '../operations/get-version.ts';
import type { Place } from './finding-steps.ts';
import type { CertificateSight, ConnectionSight, DiagnoseDeps } from './ports.ts';
import { failed, notExercised, ok, type Finding, type Steps } from './step.ts';

const VERSION_MS = 10_000;
const PORT = 'an open port';
const TLS = 'a certificate for the host that everybody trusts';

/** @returns whether it answers. */
export async function connectionSteps(
  deps: DiagnoseDeps,
  steps: Steps,
  server: ServerName,
  place: Place,
): Promise<boolean> {
  const { connection } = deps.lookout;
  const asked = getVersion(deps.client, { destination: server, timeoutMs: VERSION_MS });
  if (connection === undefined || place.address === undefined) await seenByRequest(steps, place, await asked);
  else
    await seenByLooking(steps, place, await connection({ address: place.address, port: place.port, host: place.host }));
  const answer = await asked;
  const version = await steps.take('version', 'the name and the version of a homeserver', () => versionOf(answer));
  return version === 'ok' || (!answer.ok && answer.reason.kind === 'refused');
}

async function seenByLooking(steps: Steps, { host, port, address }: Place, sight: ConnectionSight): Promise<void> {
  const seenBy = 'launcher';
  await steps.take('port', PORT, () =>
    sight.kind === 'refused'
      ? {
          ...failed(
            `${address} refuses connections to port ${port}: ${sight.reason}`,
            `Open port ${port}, or delegate to another.`,
          ),
          seenBy,
        }
      : { ...ok(`${address} takes connections to port ${port}`), seenBy },
  );
  if (sight.kind === 'refused') {
    steps.skip('tls', TLS, 'There is no connection.');
    return;
  }
  await steps.take('tls', TLS, () => ({
    ...(sight.kind === 'tls'
      ? certificate(host, sight.certificate)
      : failed(`no TLS: ${sight.reason}`, 'Serve https on this port.')),
    seenBy,
  }));
}

function certificate(host: string, seen: CertificateSight): Finding {
  const { protocol, isTrusted, reason, subject, names, issuer, validTo } = seen;
  const shown = `${protocol}; ${subject}; for ${names}; of ${issuer}; until ${validTo}`;
  if (isTrusted) return ok(shown);
  return failed(
    `not trusted (${reason}): ${shown}`,
    `Have a public authority certify ${host}, and serve the whole chain.`,
  );
}

/** A Worker sees neither the connection nor the certificate, but is answered by nobody that it does not trust. */
async function seenByRequest(steps: Steps, { authority }: Place, asked: FederationResult<JsonObject>): Promise<void> {
  const wasAnswered = asked.ok || asked.reason.kind === 'refused' || asked.reason.kind === 'garbage';
  if (wasAnswered) {
    await steps.take('port', PORT, () => ok(`${authority} answered`));
    await steps.take('tls', TLS, () =>
      ok('A request over https was answered. The certificate itself cannot be read here.'),
    );
    return;
  }
  await steps.take('port', PORT, () =>
    failed(
      `${authority} ${describeFailure(asked.reason)}`,
      'Check the port, the firewall and the certificate: which of them it is cannot be seen here.',
    ),
  );
  steps.skip('tls', TLS, 'Nothing was answered, and the certificate itself cannot be read here.');
}

function versionOf(asked: FederationResult<JsonObject>): Finding {
  if (!asked.ok) {
    if (asked.reason.kind === 'denied') return notExercised(describeFailure(asked.reason));
    return failed(
      describeFailure(asked.reason),
      'Check that what answers there is the homeserver, for every path below /_matrix/.',
    );
  }
  const { server } = asked.value;
  const { name, version } = isJsonObject(server) ? server : {};
  return ok([name, version].map((part) => (typeof part === 'string' ? part.slice(0, 100) : '?')).join(' '));
}
