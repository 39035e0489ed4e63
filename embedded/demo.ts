import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';

import { readRegistrationFiles } from './appservices.ts';
import { parseSettings } from './flags.ts';
import { asksForHelp, demoHelpText, notOfDemo } from './help.ts';
import { StartError } from './start-error.ts';
import { onParentGone, onStopRequest } from './stop-request.ts';

/** One of the two servers: its ports are those asked for, or the next ones. */
interface DemoServer {
  name: string;
  clientUrl: string;
  process: ChildProcess;
  /** resolves when it says that it is ready; never if it ends before */
  ready: Promise<void>;
}

const servers: DemoServer[] = [];
let exitCode: number | undefined;

/** `npm run demo`: two servers on this machine, under one authority that both trust, so that they federate. */
async function demonstrate(args: string[]): Promise<void> {
  // given twice, a flag's last value counts
  const settings = parseSettings(['--data', './data/demo', ...args], {});
  const other = notOfDemo(args);
  if (other !== undefined) {
    throw new StartError(
      `The demonstration chooses --${other} itself. With --help the flags that it takes are listed.`,
    );
  }
  const data = resolve(settings.data);
  const tls = await certificates(data);
  for (const [index, directory] of ['one', 'two'].entries()) {
    const clientPort = settings.clientPort + index;
    const federationPort = settings.federationPort + index;
    const flags = { 'client-port': clientPort, 'federation-port': federationPort, registration: 'open' };
    const named = { ...flags, data: join(data, directory), 'tls-cert': tls.cert, 'tls-key': tls.key };
    const line = Object.entries(named).flatMap(([flag, value]) => [`--${flag}`, String(value)]);
    // An application service is one server's.
    if (index === 0 && settings.appservices !== undefined) line.push('--appservices', settings.appservices);
    servers.push(launch(`localhost:${federationPort}`, clientPort, [...line, '--allow-private-addresses'], tls.ca));
  }
  await Promise.all(servers.map(({ ready }) => ready));
  const [one, two] = servers;
  if (one === undefined || two === undefined) throw new Error('unreachable: there are two');
  const isTaken = settings.appservices !== undefined && isClaimed(`@alice:${one.name}`, settings.appservices);
  console.log(`
Two servers federate: ${one.name} for clients at ${one.clientUrl}, ${two.name} for clients at ${two.clientUrl}.

${isTaken ? whatIsTaken(one, two) : whatToTry(one, two)}

Ctrl-C stops both; the data stay in ${data}: whoever tries this again gives other names.`);
}

/** Whether an application service keeps this account from everybody else. */
function isClaimed(userId: string, directory: string): boolean {
  return readRegistrationFiles(directory).files.some(({ registration }) => {
    const { users = [] } = (registration['namespaces'] ?? {}) as { users?: { exclusive?: boolean; regex: string }[] };
    try {
      return users.some(({ exclusive, regex }) => exclusive === true && new RegExp(`^(?:${regex})`).test(userId));
    } catch {
      return false; // the server has refused it
    }
  });
}

/** An authority and one certificate for this machine, made once. */
async function certificates(data: string): Promise<{ ca: string; cert: string; key: string }> {
  const files = { ca: join(data, 'ca.pem'), cert: join(data, 'cert.pem'), key: join(data, 'key.pem') };
  if (existsSync(files.cert)) return files;
  const { makeAuthority, makeLeaf } = await import('./authority.ts');
  mkdirSync(data, { recursive: true, mode: 0o700 });
  const authority = await makeAuthority('Eyrie demonstration');
  const leaf = await makeLeaf(authority, ['localhost', '127.0.0.1']);
  writeFileSync(files.ca, authority.cert);
  writeFileSync(files.key, leaf.key, { mode: 0o600 });
  writeFileSync(files.cert, leaf.cert);
  return files;
}

function launch(name: string, clientPort: number, flags: string[], ca: string): DemoServer {
  const inherited = Object.entries(process.env).filter(([variable]) => !variable.startsWith('EYRIE_'));
  const child = spawn(process.execPath, [join(import.meta.dirname, 'start.ts'), ...flags], {
    env: { ...Object.fromEntries(inherited), NODE_EXTRA_CA_CERTS: ca },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'], // the channel closes with us, and the server ends with it
  });
  const { promise: ready, resolve: isReady } = Promise.withResolvers<void>();
  for (const [from, to] of [
    [child.stdout, process.stdout],
    [child.stderr, process.stderr],
  ] as const) {
    if (from === null) throw new Error('unreachable: the streams are piped');
    createInterface(from).on('line', (text) => {
      to.write(`[${name}] ${text}\n`);
      if (text.startsWith('Eyrie is ready')) isReady();
    });
  }
  child.once('exit', (code) => stop(code ?? 1));
  return { name, clientUrl: `http://127.0.0.1:${clientPort}`, process: child, ready };
}

/** Ends both servers, then the demonstration: with what the first one ended with. */
function stop(code: number): void {
  exitCode ??= code;
  const running = servers.filter(({ process: child }) => child.exitCode === null && child.signalCode === null);
  if (running.length === 0) process.exit(exitCode);
  for (const { process: child } of running) child.kill('SIGTERM');
}

type Named = Pick<DemoServer, 'name' | 'clientUrl'>;

const whatIsTaken = (one: Named, two: Named): string =>
  `The application service has the accounts of ${one.name}: nobody else registers there, not with the one-time
registration token either. For an administrator there, start once without --appservices, register with that
token, and start again with it. On ${two.name} registration is open.`;

const whatToTry = (one: Named, two: Named): string =>
  `With Matrix clients: register on each (registration is open), create a public room with an address on
one, and join it by that address from the other.

Or in another terminal, alice on the first server and bob on the second:

  A=${one.clientUrl}/_matrix/client/v3
  B=${two.clientUrl}/_matrix/client/v3
  token() { sed 's/.*"access_token":"\\([^"]*\\)".*/\\1/'; }
  alice=$(curl -s $A/register -d '{"username":"alice","password":"wonderland","auth":{"type":"m.login.dummy"}}' | token)
  bob=$(curl -s $B/register -d '{"username":"bob","password":"the builder","auth":{"type":"m.login.dummy"}}' | token)
  curl -s -H "Authorization: Bearer $alice" $A/createRoom -d '{"preset":"public_chat","room_alias_name":"demo"}'; echo
  room=$(curl -s -H "Authorization: Bearer $bob" $B/join/%23demo:${one.name} -d '{}' | sed 's/.*"room_id":"\\([^"]*\\)".*/\\1/')
  curl -s -X PUT -H "Authorization: Bearer $bob" $B/rooms/$room/send/m.room.message/1 -d '{"msgtype":"m.text","body":"Hello from the other server"}'; echo
  newest() { curl -s -H "Authorization: Bearer $alice" "$A/rooms/$room/messages?dir=b&limit=1"; }
  for second in 1 2 3 4 5 6 7 8 9 10; do newest | grep -q m.room.message && break; sleep 1; done; newest; echo

The last line waits until the message has crossed, and shows it as alice's server has it.`;

const args = process.argv.slice(2);
if (asksForHelp(args)) {
  console.log(demoHelpText());
  process.exit(0);
}
onStopRequest(() => stop(0));
onParentGone(() => stop(0));
try {
  await demonstrate(args);
} catch (error) {
  process.stderr.write(error instanceof StartError ? `Eyrie: ${error.message}\n` : `${(error as Error).stack}\n`);
  stop(1);
}
