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

/** What these steps look at, in their order. */
export const CONNECTION_STEPS = {
  port: 'an open port',
  tls: 'a certificate for the host that everybody trusts',
  version: 'the name and the version of a homeserver',
} as const;

/** @returns whether it answers. */
export async function connectionSteps(
  deps: DiagnoseDeps,
  steps: Steps,
  server: ServerName,
  place: Place,
): Promise<boolean> {
  const { connection } = deps.lookout;
  const { address, port, host } = place;
  const ask = () => getVersion(deps.client, { destination: server, timeoutMs: VERSION_MS });
  if (connection !== undefined && address !== undefined) {
    await seenByLooking(steps, place, () => connection({ address, port, host }));
    return versionStep(steps, ask);
  }
  const asked = ask();
  await seenByRequest(steps, place, asked);
  return versionStep(steps, () => asked);
}

async function versionStep(steps: Steps, ask: () => Promise<FederationResult<JsonObject>>): Promise<boolean> {
  let isAnswered = false;
  await steps.take('version', CONNECTION_STEPS.version, async () => {
    const answer = await ask();
    isAnswered = answer.ok || answer.reason.kind === 'refused';
    return versionOf(answer);
  });
  return isAnswered;
}

async function seenByLooking(
  steps: Steps,
  { host, port, address }: Place,
  look: () => Promise<ConnectionSight>,
): Promise<void> {
  const seenBy = 'launcher';
  let sight: ConnectionSight | undefined;
  await steps.take('port', CONNECTION_STEPS.port, async () => {
    sight = await look();
    return sight.kind === 'refused'
      ? {
          ...failed(
            `${address} refuses connections to port ${port}: ${sight.reason}`,
            `Open port ${port}, or delegate to another.`,
          ),
          seenBy,
        }
      : { ...ok(`${address} takes connections to port ${port}`), seenBy };
  });
  if (sight === undefined || sight.kind === 'refused') {
    steps.skip('tls', CONNECTION_STEPS.tls, 'There is no connection.');
    return;
  }
  const seen = sight;
  await steps.take('tls', CONNECTION_STEPS.tls, () => ({
    ...(seen.kind === 'tls'
      ? certificate(host, seen.certificate)
      : failed(`no TLS: ${seen.reason}`, 'Serve https on this port.')),
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
async function seenByRequest(
  steps: Steps,
  { authority }: Place,
  asked: Promise<FederationResult<JsonObject>>,
): Promise<void> {
  const port = await steps.take('port', CONNECTION_STEPS.port, async () => {
    const answer = await asked;
    if (answer.ok || answer.reason.kind === 'refused' || answer.reason.kind === 'garbage')
      return ok(`${authority} answered`);
    return failed(
      `${authority} ${describeFailure(answer.reason)}`,
      'Check the port, the firewall and the certificate: which of them it is cannot be seen here.',
    );
  });
  if (port === 'ok') {
    await steps.take('tls', CONNECTION_STEPS.tls, () =>
      ok('A request over https was answered. The certificate itself cannot be read here.'),
    );
  } else
    steps.skip('tls', CONNECTION_STEPS.tls, 'Nothing was answered, and the certificate itself cannot be read here.');
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
