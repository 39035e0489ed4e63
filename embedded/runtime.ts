import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';

import type { D1Database } from '@cloudflare/workers-types';

import type { DataDirectory } from './data-directory.ts';
import type { Settings } from './flags.ts';
import { LastingMiniflare } from './lasting-miniflare.ts';
import { lookOut } from './lookout.ts';
import { StartError } from './start-error.ts';

const dist = join(import.meta.dirname, '..', 'dist');
const WORKER = 'eyrie'; // the name is part of the directories that hold the data: never rename

/** By their bindings. */
export type Databases = Readonly<Record<'DB' | 'SEARCH', D1Database>>;

/** The Worker on workerd, behind a socket on loopback that only our front knows the secret for. */
export interface Runtime {
  /** @throws StartError if workerd does not start. */
  ready(): Promise<void>;
  /** The port of the Worker's socket. Waits while workerd is being restarted; rejects when it cannot be. */
  port(): Promise<number>;
  databases(): Promise<Databases>;
  /** Ends workerd at once. What it acknowledged is on disk. */
  dispose(): Promise<void>;
}

export interface RuntimeOptions {
  settings: Settings;
  data: DataDirectory;
  /** what a request has to carry in `eyrie-front-secret` */
  frontSecret: string;
  /** Miniflare was made, again after it gave up: it has installed its handlers of signals */
  onMade: () => void;
  /** workerd died and was restarted */
  onRestart: () => unknown;
  /** workerd died and cannot be restarted */
  onLost: () => void;
}

/**
 * Starts workerd through Miniflare's API with the bundle and the options that the build wrote.
 * @throws StartError if there is no bundle.
 */
export async function makeRuntime(options: RuntimeOptions): Promise<Runtime> {
  if (!existsSync(join(dist, 'options.json'))) {
    throw new StartError('There is no bundle in dist; start the server with npm start, or run npm run build.');
  }
  // imported late: it reads the environment that workerd-guard.ts has set
  const authorities = extraAuthorities();
  const { Miniflare, Log, LogLevel, convertV4MiniflareOptions } = await import('miniflare');
  const made: { last?: LastingMiniflare } = {}; // there is none yet while the first is made
  class RuntimeLog extends Log {
    override log(message: string): void {
      process.stderr.write(`${message}\n`);
    }
    override error(error: Error): void {
      super.error(error);
      void made.last?.look();
    }
  }
  const make = () => {
    const instance = new Miniflare(
      convertV4MiniflareOptions({
        ...sharedOptions(options),
        log: new RuntimeLog(LogLevel.WARN),
        workers: workers(options, authorities),
      } as Parameters<typeof convertV4MiniflareOptions>[0]),
    );
    options.onMade();
    return instance;
  };
  const { onRestart: onRevived, onLost } = options;
  const miniflare = new LastingMiniflare({ make, onRevived, onLost });
  made.last = miniflare;
  return {
    async ready() {
      try {
        await miniflare.ready();
      } catch (error) {
        const [why = ''] = (error as Error).message.split('\n'); // what follows it has printed itself
        throw new StartError(`The Workers runtime does not start: ${why.replace(/\.$/, '')}.`);
      }
    },
    port: async () => Number((await (await miniflare.running()).unsafeGetDirectURL(WORKER)).port),
    databases: async () => (await miniflare.running()).getBindings<Databases>(WORKER),
    dispose: () => miniflare.dispose(),
  };
}

function sharedOptions({ data, onRestart }: RuntimeOptions): object {
  return {
    // Miniflare's own socket serves stored files without a login: it stays on loopback and is never given out
    host: '127.0.0.1',
    port: 0,
    resourcePersistencePath: data.path,
    cf: false,
    logRequests: false,
    telemetry: { enabled: false },
    handleStructuredLogs: ({ level, message }: { level: string; message: string }) => {
      const stream = level === 'error' || level === 'warn' ? process.stderr : process.stdout;
      stream.write(`${message}\n`);
    },
    unsafeHandleRuntimeRestart: onRestart,
  };
}

function workers({ settings, data, frontSecret }: RuntimeOptions, authorities: string[]): object[] {
  const built = JSON.parse(readFileSync(join(dist, 'options.json'), 'utf8')) as {
    bindings: object;
    compatibilityDate: string;
  };
  const worker = {
    ...built,
    name: WORKER,
    rootPath: dist,
    modulesRoot: dist,
    modules: modules(),
    bindings: { ...built.bindings, ...bindings(settings, data, frontSecret) },
    unsafeDirectSockets: [{ host: '127.0.0.1', port: 0 }],
    serviceBindings: { LOOKOUT: lookOut },
  };
  if (settings.allowPrivateAddresses) return [worker];
  const { compatibilityDate } = built;
  return [
    {
      ...worker,
      outboundService: 'egress',
      serviceBindings: { ...worker.serviceBindings, APPSERVICES: 'to-appservices' },
    },
    egress('egress', { allow: ['public'], authorities, compatibilityDate }),
    // An administrator has named where they are.
    egress('to-appservices', { allow: ['public', 'private'], authorities, compatibilityDate }),
  ];
}

/** What the Worker reads in `src/config.ts`. */
function bindings(settings: Settings, data: DataDirectory, frontSecret: string): Record<string, string> {
  const { registration, registrationSharedSecret: secret } = settings;
  return {
    EYRIE_SERVER_NAME: settings.serverName,
    ...(registration === undefined ? {} : { EYRIE_REGISTRATION: registration }),
    ...(secret === undefined ? {} : { EYRIE_REGISTRATION_SHARED_SECRET: secret }),
    EYRIE_ALLOW_PRIVATE_ADDRESSES: settings.allowPrivateAddresses ? 'on' : 'off',
    EYRIE_RATE_LIMITS: settings.rateLimits ? 'on' : 'off',
    EYRIE_PASSWORD_COST: String(settings.passwordCost),
    EYRIE_FRONT_SECRET: frontSecret,
    EYRIE_SECRET: data.secret,
    EYRIE_BOOTSTRAP_TOKEN: data.bootstrapToken,
  };
}

interface Egress {
  allow: readonly string[];
  authorities: readonly string[];
  compatibilityDate: string;
}

/** What the Worker fetches goes through one of these, whose network knows only addresses of these kinds. */
function egress(name: string, { allow, authorities, compatibilityDate }: Egress): object {
  const network = {
    allow,
    deny: [],
    tlsOptions: { trustBrowserCas: true, trustedCertificates: authorities },
  };
  return {
    name,
    modules: true,
    compatibilityDate,
    script: 'export default { fetch: (request, env) => env.NET.fetch(request) }',
    serviceBindings: { NET: { network } },
  };
}

/** The certificates of NODE_EXTRA_CA_CERTS, which Miniflare passes on only to its own network service. */
function extraAuthorities(): string[] {
  const file = process.env['NODE_EXTRA_CA_CERTS'];
  if (file === undefined || file === '') return [];
  try {
    return readFileSync(file, 'utf8').match(/-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g) ?? [];
  } catch (error) {
    throw new StartError(`NODE_EXTRA_CA_CERTS cannot be read: ${(error as Error).message}.`);
  }
}

const moduleTypes: Record<string, string> = {
  '.js': 'ESModule',
  '.mjs': 'ESModule',
  '.sql': 'Text',
  '.txt': 'Text',
  '.html': 'Text',
  '.css': 'Text',
  '.wasm': 'CompiledWasm',
  '.bin': 'Data',
};

/** The files of the bundle, the entry first. */
function modules(): { type: string; path: string }[] {
  const files = readdirSync(dist).filter((name) => moduleTypes[extname(name)] !== undefined);
  const ordered = ['index.js', ...files.filter((name) => name !== 'index.js')];
  return ordered.map((name) => ({ type: moduleTypes[extname(name)] ?? 'ESModule', path: join(dist, name) }));
}
