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
  readonly asToken: string;
  readonly hsToken: string;
}

interface Registration {
  readonly id: string;
  readonly as_token: string;
  readonly hs_token: string;
}

/** Reads the command line, and writes the registration file anew, with the tokens that it had. */
export function configure(args: readonly string[]): Config {
  const { values } = parseArgs({
    args: [...args],
    options: {
      homeserver: { type: 'string', default: 'http://127.0.0.1:8008' },
      domain: { type: 'string', default: 'localhost:8448' },
      port: { type: 'string', default: '9090' },
      data: { type: 'string', default: join(import.meta.dirname, 'data') },
    },
  });
  const port = Number(values.port);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new Error(`--port ${values.port} is no port`);
  const directory = join(values.data, 'registrations');
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  // JSON is YAML too, and what the admin API takes.
  const file = join(directory, 'workspace.yaml');
  const known = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Registration) : undefined;
  const registration = {
    id: known?.id ?? 'workspace',
    url: `http://127.0.0.1:${port}`,
    as_token: known?.as_token ?? randomBytes(32).toString('base64url'),
    hs_token: known?.hs_token ?? randomBytes(32).toString('base64url'),
    sender_localpart: 'workspace',
    // All accounts of the server are the workspace's.
    namespaces: {
      users: [{ exclusive: true, regex: `@.*:${values.domain.replaceAll('.', String.raw`\.`)}` }],
      aliases: [],
      rooms: [],
    },
    rate_limited: false,
    receive_ephemeral: true,
    'eyrie.admin': true,
  };
  writeFileSync(file, `${JSON.stringify(registration, null, 2)}\n`, { mode: 0o600 });
  return {
    id: registration.id,
    homeserver: values.homeserver,
    domain: values.domain,
    port,
    data: values.data,
    asToken: registration.as_token,
    hsToken: registration.hs_token,
  };
}
