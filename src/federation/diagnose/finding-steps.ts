// Where a server is: its name, `.well-known`, SRV, addresses (Server-Server API, "Resolving server names")
import type { ServerName } from '../../matrix/ids/brands.ts';
import { splitServerName } from '../../matrix/ids/server-name.ts';
import { deny, type Result } from '../../matrix/result.ts';
import type { NoRoute, Route } from '../discovery.ts';
import { isPrivateUrl } from '../private-address.ts';
import type { DiagnoseDeps } from './ports.ts';
import { failed, notExercised, ok, warning, type Finding, type Steps } from './step.ts';

/** Where to connect to. */
export interface Place {
  readonly authority: string;
  readonly host: string;
  readonly port: number;
  /** `undefined` where it is not known. */
  readonly address: string | undefined;
}

/** What these steps look at, in their order. */
export const FINDING_STEPS = {
  server_name: 'a DNS name without a port',
  well_known: 'a file that names a server, or none',
  route: 'a host and a port, by one of the rules of the specification',
  address: 'at least one public address',
} as const;

/** @returns `undefined` where the server cannot be found. */
export async function findingSteps(deps: DiagnoseDeps, steps: Steps, server: ServerName): Promise<Place | undefined> {
  const name = splitServerName(server);
  await steps.take('server_name', FINDING_STEPS.server_name, () => {
    if (name.kind !== 'dns') {
      return warning(
        `an ${name.kind === 'ipv4' ? 'IPv4' : 'IPv6'} address`,
        'Few servers have a certificate for an address: use a DNS name.',
      );
    }
    return name.port === undefined
      ? ok(name.host)
      : warning(
          `${name.host} with port ${name.port}`,
          'Rocket.Chat cannot federate with a name that has a port: delegate by .well-known instead.',
        );
  });
  let looked: Result<Route, NoRoute> | undefined;
  await steps.take('well_known', FINDING_STEPS.well_known, async () => {
    looked = await deps.discovery.resolve(server);
    return wellKnown(server, looked);
  });
  const found = looked ?? deny<NoRoute>({ kind: 'srv-elsewhere', reason: 'It could not be looked for.' });
  const isRouted = await steps.take('route', FINDING_STEPS.route, () => routeOf(found));
  if (!found.ok || isRouted !== 'ok') {
    steps.skip('address', FINDING_STEPS.address, 'It is not known where to look.');
    return undefined;
  }
  const { authority } = found.value;
  const { host, port = 8448 } = splitServerName(authority as ServerName);
  let address: string | undefined;
  const result = await steps.take('address', FINDING_STEPS.address, async () => {
    const told = await addressOf(deps, host);
    ({ address } = told);
    return told.finding;
  });
  // A Worker that cannot ask DNS can still be answered.
  return result === 'failed' && deps.lookout.connection !== undefined ? undefined : { authority, host, port, address };
}

function routeOf(found: Result<Route, NoRoute>): Finding {
  if (found.ok) return ok(`${found.value.authority}, by the rule ${found.value.step}`);
  const { kind, reason } = found.reason;
  const advice =
    kind === 'private-address'
      ? 'Only servers with a public name can be talked to, unless this one was started with --allow-private-addresses.'
      : 'Publish a .well-known file that names the host itself, or correct the SRV records.';
  return failed(reason, advice);
}

function wellKnown(server: ServerName, found: Result<Route, NoRoute>): Finding {
  const { kind, port } = splitServerName(server);
  if (kind !== 'dns' || port !== undefined) return notExercised('Not asked, since the name says where to connect to.');
  if (!found.ok) return notExercised('Not known, since no route was found.');
  const { delegatedTo, wellKnownError } = found.value;
  if (delegatedTo !== undefined) return ok(`names ${delegatedTo}`);
  if (wellKnownError === 'status 404') return ok('There is none.');
  return warning(
    `It could not be used: ${wellKnownError ?? 'unknown'}.`,
    'If the server is elsewhere, publish {"m.server": "host:port"} there as application/json over https.',
  );
}

async function addressOf(
  { lookout, allowPrivateAddresses }: DiagnoseDeps,
  host: string,
): Promise<{ readonly finding: Finding; readonly address: string | undefined }> {
  const seenBy = lookout.connection === undefined ? 'worker' : 'launcher';
  const bare = host.replace(/^\[|\]$/g, '');
  const isAddress = splitServerName(host as ServerName).kind !== 'dns';
  const looked = isAddress ? { ok: true as const, value: [bare] } : await lookout.addresses(host);
  if (!looked.ok) {
    const { kind, reason } = looked.reason;
    const advice = 'Check the A and AAAA records of the host.';
    const finding =
      kind === 'none'
        ? failed(`${host} has no address (${reason}).`, advice)
        : notExercised(`DNS was not asked: ${reason}.`);
    return { finding: { ...finding, seenBy }, address: undefined };
  }
  const usable = looked.value.filter((each) => allowPrivateAddresses || !isPrivate(each));
  const seen = looked.value.join(', ');
  if (usable.length === 0) {
    const advice = 'Other servers cannot reach it. For servers of one network there is --allow-private-addresses.';
    return { finding: { ...failed(`only private addresses: ${seen}`, advice), seenBy }, address: undefined };
  }
  return { finding: { ...ok(seen), seenBy }, address: usable[0] };
}

function isPrivate(address: string): boolean {
  const url = URL.parse(`https://${address.includes(':') ? `[${address}]` : address}/`);
  return url === null || isPrivateUrl(url);
}
