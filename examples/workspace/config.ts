import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

export interface Config {
  /** of the registration: what our own events come back marked with */
  readonly id: string;
  /** where Eyrie answers, `http://127.0.0.1:8008` */
  readonly homeserver: string;
  /** what stands after the colon in the IDs of our users */
  readonly domain: string;
  readonly port: number;
  /** holds the database, the files and the registration */
  readonly data: string;
  /** whether Eyrie can reach us, and pushes; else we fetch over the stream */
  readonly isReached: boolean;
  /** the directory with the registration that we wrote, for Eyrie to take */
  readonly registrations: string | undefined;
  readonly asToken: string;
  readonly hsToken: string;
}

interface Registration {
  readonly id: string;
  readonly as_token: string;
  readonly hs_token: string;
}

/** What `POST /_eyrie/admin/v1/appservices/{id}/connect` answered, as far as it is needed. */
interface Connected {
  readonly registration: { readonly id: string; readonly url: string | null };
  readonly configuration: {
    readonly homeserver_url: string;
    readonly server_name: string;
    readonly as_token: string;
    readonly hs_token: string;
  };
}

/** Reads the command line. */
export function configure(args: readonly string[]): Config {
  const { values } = parseArgs({
    args: [...args],
    options: {
      homeserver: { type: 'string', default: 'http://127.0.0.1:8008' },
      domain: { type: 'string', default: 'localhost:8448' },
      port: { type: 'string', default: '9090' },
      data: { type: 'string', default: join(import.meta.dirname, 'data') },
      stream: { type: 'boolean', default: false },
      connected: { type: 'string' },
    },
  });
  const port = Number(values.port);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new Error(`--port ${values.port} is no port`);
  const { data } = values;
  if (values.connected === undefined) return { ...register({ ...values, port }), port, data };
  const { registration, configuration } = JSON.parse(readFileSync(values.connected, 'utf8')) as Connected;
  return {
    id: registration.id,
    homeserver: configuration.homeserver_url,
    domain: configuration.server_name,
    isReached: registration.url !== null,
    registrations: undefined,
    asToken: configuration.as_token,
    hsToken: configuration.hs_token,
    port,
    data,
  };
}

/** Writes the registration file anew, with the tokens that it had. */
function register({ homeserver, domain, port, data, stream }: Flags): Omit<Config, 'port' | 'data'> {
  const directory = join(data, 'registrations');
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  // JSON is YAML too, and what the admin API takes.
  const file = join(directory, 'workspace.yaml');
  const known = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Registration) : undefined;
  const registration = {
    id: known?.id ?? 'workspace',
    url: stream ? null : `http://127.0.0.1:${port}`,
    as_token: known?.as_token ?? randomBytes(32).toString('base64url'),
    hs_token: known?.hs_token ?? randomBytes(32).toString('base64url'),
    sender_localpart: 'workspace',
    // All accounts of the server are the workspace's.
    namespaces: {
      users: [{ exclusive: true, regex: `@.*:${domain.replaceAll('.', String.raw`\.`)}` }],
      aliases: [],
      rooms: [],
    },
    rate_limited: false,
    receive_ephemeral: true,
    'eyrie.admin': true,
  };
  writeFileSync(file, `${JSON.stringify(registration, null, 2)}\n`, { mode: 0o600 });
  const { id, as_token: asToken, hs_token: hsToken } = registration;
  return { id, homeserver, domain, isReached: !stream, registrations: directory, asToken, hsToken };
}

interface Flags {
  readonly homeserver: string;
  readonly domain: string;
  readonly port: number;
  readonly data: string;
  readonly stream: boolean;
}
