import type { Flag } from './flags.ts';

type Meanings = Partial<Record<Flag, readonly [takes: string, meaning: string]>>;

/** What each flag takes, if anything, and what it does; the defaults are those of flags.ts. */
const meanings: Required<Meanings> = {
  'server-name': ['NAME', 'the name after the colon in user IDs; fixed by the first start (localhost:8448)'],
  data: ['DIRECTORY', 'the data directory (./data)'],
  bind: ['ADDRESS', 'the address to listen on (127.0.0.1)'],
  'client-port': ['PORT', 'plain HTTP (8008)'],
  'federation-port': ['PORT', 'TLS (8448)'],
  'tls-cert': ['FILE', 'PEM: the certificate with its chain (self-made)'],
  'tls-key': ['FILE', 'PEM: its key'],
  registration: ['MODE', 'closed, open or token (by the setting registration.mode)'],
  'registration-shared-secret': ['SECRET', 'enables registration by scripts that know the secret'],
  'allow-private-addresses': ['', 'lets the server send requests to private addresses'],
  'rate-limits': ['SWITCH', 'on or off (on)'],
  'trusted-proxy': ['', 'believes X-Forwarded-For and X-Forwarded-Proto'],
  'password-cost': ['NUMBER', "log2 of scrypt's N, 10 to 17 (15)"],
  appservices: ['DIRECTORY', 'registration files (YAML) of application services, read at each start'],
};

/** The flags of the demonstration, which chooses everything else itself. */
const demoMeanings: Meanings = {
  data: ['DIRECTORY', 'where the data of both are (./data/demo)'],
  'client-port': ['PORT', "plain HTTP of the first; the second's is the next (8008)"],
  'federation-port': ['PORT', "TLS of the first; the second's is the next (8448)"],
  appservices: ['DIRECTORY', 'registration files (YAML) of application services of the first'],
};

export function asksForHelp(args: readonly string[]): boolean {
  return args.some((arg) => arg === '--help' || arg === '-h');
}

/** One line for each flag, with its default in brackets. */
export function helpText(): string {
  const end = 'Each has a variable: EYRIE_SERVER_NAME for --server-name. docs/embedded.md says more.';
  return ['npm start -- [flags]', '', ...linesOf(meanings), '', end].join('\n');
}

export function demoHelpText(): string {
  return ['npm run demo -- [flags]', '', ...linesOf(demoMeanings), '', 'docs/embedded.md says more.'].join('\n');
}

/** The first of these flags that the demonstration does not take. */
export const notOfDemo = (args: readonly string[]): string | undefined =>
  args.map((arg) => /^--([^=]+)/.exec(arg)?.[1]).find((flag) => flag !== undefined && isForStartOnly(flag));

const isForStartOnly = (flag: string): boolean => Object.hasOwn(meanings, flag) && !Object.hasOwn(demoMeanings, flag);

function linesOf(of: Meanings): string[] {
  const lines = Object.entries(of).map(([flag, [takes, meaning]]) => [`--${flag} ${takes}`.trim(), meaning]);
  const width = Math.max(...lines.map(([flag = '']) => flag.length));
  return lines.map(([flag = '', meaning]) => `  ${flag.padEnd(width)}  ${meaning}`);
}
