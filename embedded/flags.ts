import { parseArgs } from 'node:util';

import { StartError } from './start-error.ts';

/** What the operator asked for: flag over environment over default. */
export interface Settings {
  /** the name in user and room IDs, `hostname[:port]`; fixed by the first start */
  serverName: string;
  /** the data directory, as given */
  data: string;
  /** the address that both listeners bind to */
  bind: string;
  clientPort: number;
  federationPort: number;
  /** paths of PEM files; undefined: the certificate is made under the data directory */
  tls: { cert: string; key: string } | undefined;
  /** undefined: the runtime setting `registration.mode` decides */
  registration: 'closed' | 'open' | 'token' | undefined;
  registrationSharedSecret: string | undefined;
  allowPrivateAddresses: boolean;
  rateLimits: boolean;
  trustedProxy: boolean;
  /** log2 of scrypt's N */
  passwordCost: number;
  /** the directory with registration files of application services */
  appservices: string | undefined;
}

const flags = {
  'server-name': { type: 'string' },
  data: { type: 'string' },
  bind: { type: 'string' },
  'client-port': { type: 'string' },
  'federation-port': { type: 'string' },
  'tls-cert': { type: 'string' },
  'tls-key': { type: 'string' },
  registration: { type: 'string' },
  'registration-shared-secret': { type: 'string' },
  'allow-private-addresses': { type: 'boolean' },
  'rate-limits': { type: 'string' },
  'trusted-proxy': { type: 'boolean' },
  'password-cost': { type: 'string' },
  appservices: { type: 'string' },
} as const;

export type Flag = keyof typeof flags;

/** One value and where it came from, so that a complaint names what the operator wrote. */
interface Given {
  value: string;
  from: string;
}

/**
 * Reads the command line and the environment.
 * @param args the arguments after the script's name.
 * @param env the environment; an empty variable counts as absent.
 * @throws StartError for an unknown flag, a value that a flag does not take, or a bad value.
 */
export function parseSettings(args: string[], env: NodeJS.ProcessEnv): Settings {
  const values = parseFlags(args);
  const given = (flag: Flag): Given | undefined => {
    const value = values[flag];
    if (value !== undefined) return { value: String(value), from: `--${flag}` };
    const variable = `EYRIE_${flag.toUpperCase().replaceAll('-', '_')}`;
    const set = env[variable];
    return set === undefined || set === '' ? undefined : { value: set, from: variable };
  };
  const clientPort = integer(given('client-port'), 8008, 1, 65_535);
  const federationPort = integer(given('federation-port'), 8448, 1, 65_535);
  if (clientPort === federationPort) throw new StartError(`Both ports are ${clientPort}; they have to differ.`);
  return {
    serverName: serverName(given('server-name'), federationPort),
    data: given('data')?.value ?? './data',
    bind: given('bind')?.value ?? '127.0.0.1',
    clientPort,
    federationPort,
    tls: tlsFiles(given('tls-cert'), given('tls-key')),
    registration: optional(given('registration'), ['closed', 'open', 'token']),
    registrationSharedSecret: given('registration-shared-secret')?.value,
    allowPrivateAddresses: switched(given('allow-private-addresses'), false),
    rateLimits: switched(given('rate-limits'), true),
    trustedProxy: switched(given('trusted-proxy'), false),
    passwordCost: integer(given('password-cost'), 15, 10, 17),
    appservices: given('appservices')?.value,
  };
}

function parseFlags(args: string[]): Partial<Record<Flag, string | boolean>> {
  const { values, tokens } = parseArgs({ args, options: flags, strict: false, tokens: true });
  for (const token of tokens) {
    if (token.kind === 'positional') throw new StartError(`Unexpected argument ${token.value}.`);
    if (token.kind !== 'option') continue;
    if (!Object.hasOwn(flags, token.name))
      throw new StartError(`Unknown flag ${token.rawName}. With --help all are listed.`);
    const { type } = flags[token.name as Flag];
    if (type === 'boolean' && token.value !== undefined) throw new StartError(`--${token.name} takes no value.`);
    if (type === 'string' && (token.value === undefined || token.value === '' || isFlag(token))) {
      throw new StartError(`--${token.name} needs a value.`);
    }
  }
  return values;
}

/** `--data --bind x` is a forgotten value, not a directory named `--bind`; `--data=--bind` says that it is meant. */
function isFlag(token: { value: string | undefined; inlineValue: boolean | undefined }): boolean {
  return token.inlineValue !== true && token.value?.startsWith('--') === true;
}

function integer(given: Given | undefined, otherwise: number, least: number, most: number): number {
  if (given === undefined) return otherwise;
  const value = /^\d{1,6}$/.test(given.value) ? Number(given.value) : Number.NaN;
  if (value >= least && value <= most) return value;
  throw new StartError(`${given.from} is ${given.value}; it has to be a number from ${least} to ${most}.`);
}

function optional<T extends string>(given: Given | undefined, choices: readonly T[]): T | undefined {
  return given === undefined ? undefined : oneOf(given, choices);
}

function oneOf<T extends string>(given: Given, choices: readonly T[]): T {
  const choice = choices.find((known) => known === given.value);
  if (choice === undefined) throw new StartError(`${given.from} is ${given.value}; it has to be ${either(choices)}.`);
  return choice;
}

function either(choices: readonly string[]): string {
  return `${choices.slice(0, -1).join(', ')} or ${choices.at(-1)}`;
}

function switched(given: Given | undefined, otherwise: boolean): boolean {
  if (given === undefined) return otherwise;
  if (given.value === 'true') return true;
  if (given.value === 'false') return false;
  return oneOf(given, ['on', 'off']) === 'on';
}

function tlsFiles(cert: Given | undefined, key: Given | undefined): Settings['tls'] {
  if (cert === undefined && key === undefined) return undefined;
  if (cert === undefined) throw new StartError(`${key?.from} needs --tls-cert beside it.`);
  if (key === undefined) throw new StartError(`${cert.from} needs --tls-key beside it.`);
  return { cert: cert.value, key: key.value };
}

const LABEL = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?';
/** No address: what ends in a number is one, and what is in brackets. */
const OWN_NAME = new RegExp(String.raw`^${LABEL}(?:\.${LABEL})*(?<!(?:^|\.)\d+)(?::(?:[1-9]\d{0,4}))?$`);

/** A host name in lower case, with or without a port: of the names that servers may have, those that all others know. */
function serverName(given: Given | undefined, federationPort: number): string {
  if (given === undefined) return `localhost:${federationPort}`;
  const { value, from } = given;
  if (value.length <= 230 && OWN_NAME.test(value) && Number(/:(\d+)$/.exec(value)?.[1] ?? 0) <= 65_535) return value;
  throw new StartError(
    `${from} is ${value}, which is no server name that can be used here (bad-domain): a host name in lower case, with or without a port, and no address.`,
  );
}
