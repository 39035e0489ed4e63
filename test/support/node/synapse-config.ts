import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface SynapseOptions {
  /** where its configuration, database, media and log are */
  directory: string;
  /** default: `localhost:<federation port>` */
  serverName?: string;
  clientPort: number;
  federationPort: number;
  /** paths of PEM files; the certificate is for `localhost` */
  tlsCert: string;
  tlsKey: string;
  /** path of the certificate of the authority that it trusts */
  caFile: string;
  registrationSharedSecret: string;
  /** default: true */
  presence?: boolean;
  /** names of the servers that it asks for the keys of others; default: none */
  trustedKeyServers?: readonly string[];
  /** of its log file; default: `INFO` */
  logLevel?: 'INFO' | 'WARNING';
}

const UNLIMITED = { per_second: 100_000, burst_count: 100_000 };

/** Rate limits out of the way: they would make waits of scenarios, and hide what a peer does. */
const rateLimits = {
  rc_message: UNLIMITED,
  rc_registration: UNLIMITED,
  rc_registration_token_validity: UNLIMITED,
  rc_login: { address: UNLIMITED, account: UNLIMITED, failed_attempts: UNLIMITED },
  rc_admin_redaction: UNLIMITED,
  rc_joins: { local: UNLIMITED, remote: UNLIMITED },
  rc_joins_per_room: UNLIMITED,
  rc_key_requests: UNLIMITED,
  rc_invites: { per_room: UNLIMITED, per_user: UNLIMITED, per_issuer: UNLIMITED },
  rc_third_party_invite: UNLIMITED,
  rc_media_create: UNLIMITED,
  remote_media_download_per_second: '1000G',
  remote_media_download_burst_count: '1000G',
  rc_presence: { per_user: UNLIMITED },
  rc_room_creation: UNLIMITED,
  rc_reports: UNLIMITED,
  rc_user_directory: UNLIMITED,
  rc_profile: UNLIMITED,
  rc_federation: { window_size: 1000, sleep_limit: 100_000, sleep_delay: 1, reject_limit: 100_000, concurrent: 100 },
  federation_rr_transactions_per_room_per_second: 100_000,
};

/** A destination that did not answer is tried again soon: the outages of scenarios last seconds. */
const retries = {
  client_timeout: '20s',
  max_short_retries: 1,
  max_short_retry_delay: '1s',
  max_long_retries: 2,
  max_long_retry_delay: '2s',
  destination_min_retry_interval: '1s',
  destination_max_retry_interval: '5s',
};

/** The server name of a Synapse. */
export const nameOf = ({ serverName, federationPort }: SynapseOptions): string =>
  serverName ?? `localhost:${federationPort}`;

/** Writes the configuration of a Synapse, new secrets and keys included. @returns the path of its main file. */
export function writeSynapseConfig(options: SynapseOptions): string {
  const inDirectory = (name: string): string => join(options.directory, name);
  const listener = (port: number, tls: boolean, names: string[]): object => ({
    port,
    tls,
    type: 'http',
    bind_addresses: ['127.0.0.1'],
    resources: [{ names, compress: false }],
  });
  const config = {
    server_name: nameOf(options),
    report_stats: false,
    pid_file: inDirectory('synapse.pid'),
    listeners: [
      listener(options.federationPort, true, ['client', 'federation']),
      listener(options.clientPort, false, ['client']),
    ],
    tls_certificate_path: options.tlsCert,
    tls_private_key_path: options.tlsKey,
    federation_custom_ca_list: [options.caFile],
    ip_range_blacklist: [],
    federation_ip_range_blacklist: [],
    trusted_key_servers: (options.trustedKeyServers ?? []).map((name) => ({ server_name: name })),
    suppress_key_server_warning: true,
    database: { name: 'sqlite3', args: { database: inDirectory('homeserver.db') } },
    media_store_path: inDirectory('media'),
    log_config: inDirectory('log.yaml'),
    signing_key_path: inDirectory('signing.key'),
    macaroon_secret_key: randomBytes(24).toString('hex'),
    form_secret: randomBytes(24).toString('hex'),
    registration_shared_secret: options.registrationSharedSecret,
    enable_registration: true,
    enable_registration_without_verification: true,
    bcrypt_rounds: 4,
    presence: { enabled: options.presence ?? true },
    allow_public_rooms_over_federation: true,
    room_list_publication_rules: [{ action: 'allow' }],
    federation: retries,
    ...rateLimits,
  };
  const log = {
    version: 1,
    formatters: { line: { format: '%(asctime)s %(name)s %(levelname)s %(request)s %(message)s' } },
    handlers: { file: { class: 'logging.FileHandler', formatter: 'line', filename: inDirectory('synapse.log') } },
    root: { level: options.logLevel ?? 'INFO', handlers: ['file'] },
    loggers: { 'synapse.storage.SQL': { level: 'WARNING' } },
    disable_existing_loggers: false,
  };
  const seed = randomBytes(32).toString('base64').replaceAll('=', '');
  writeFileSync(inDirectory('signing.key'), `ed25519 a_${randomBytes(2).toString('hex')} ${seed}\n`);
  // JSON is YAML too.
  writeFileSync(inDirectory('log.yaml'), JSON.stringify(log));
  writeFileSync(inDirectory('homeserver.yaml'), JSON.stringify(config, undefined, 2));
  return inDirectory('homeserver.yaml');
}
