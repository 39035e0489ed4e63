import { randomBytes } from 'node:crypto';
import { join } from 'node:path';

import { importRegistrations, readRegistrationFiles, tellOfRefused, type ReadFiles } from './appservices.ts';
import { type Certificate, loadCertificate } from './certificate.ts';
import {
  checkDataArrived,
  type DataDirectory,
  keepServerName,
  openDataDirectory,
  useTemporaryDirectory,
} from './data-directory.ts';
import { checkDescriptorLimit } from './descriptors.ts';
import { parseSettings, type Settings } from './flags.ts';
import { openFront } from './front.ts';
import { asksForHelp, helpText } from './help.ts';
import { applyAllMigrations } from './migrations.ts';
import { makeRuntime } from './runtime.ts';
import { RuntimeTarget } from './runtime-target.ts';
import { StartError } from './start-error.ts';
import { onParentGone, onStopRequest } from './stop-request.ts';
import { guardWorkerd } from './workerd-guard.ts';

/** Stopping takes less than a second; whatever hangs is left to the reaper. */
const STOP_WITHIN_MS = 4000;

const NO_FILES: ReadFiles = { files: [], refused: [] };

/** What has to be undone at the end, newest first. */
const undo: (() => void | Promise<void>)[] = [];
let stopping = false;

async function stop(code: number): Promise<void> {
  if (stopping) return;
  stopping = true;
  setTimeout(() => process.exit(code), STOP_WITHIN_MS).unref();
  for (const step of undo.reverse()) {
    try {
      await step();
    } catch {
      // what did not start cannot be ended; the other steps still have to be taken
    }
  }
  process.exit(code);
}

function fail(error: unknown): void {
  if (stopping) return; // the start was interrupted on purpose
  const { message, stack } = error as Error;
  process.stderr.write(error instanceof StartError ? `Eyrie: ${message}\n` : `${stack}\n`);
  void stop(1);
}

async function start(settings: Settings): Promise<void> {
  checkDescriptorLimit();
  const registrations = settings.appservices === undefined ? NO_FILES : readRegistrationFiles(settings.appservices);
  const data = openDataDirectory(settings.data, settings.serverName);
  const certificate = await loadCertificate({ ...settings, data: data.path });
  const target = new RuntimeTarget();
  const identity = { secret: randomBytes(32).toString('base64url'), trustedProxy: settings.trustedProxy };
  const front = await openFront(settings, certificate, { identity, target });

  keepServerName(data.path, settings.serverName);
  undo.push(guardWorkerd(data.path));
  useTemporaryDirectory(data.path);
  const runtime = await makeRuntime({
    settings,
    data,
    frontSecret: identity.secret,
    onMade: () => onStopRequest(() => void stop(0)),
    onRestart: () => target.refresh().catch(() => {}), // lost again: the next request sees it, or onLost
    onLost: () => fail(new StartError('The Workers runtime was lost and cannot be started again.')),
  });
  undo.push(
    () => runtime.dispose(),
    () => front.close(),
  );
  await runtime.ready();
  await applyAllMigrations(await runtime.databases(), join(import.meta.dirname, '..', 'dist', 'migrations.json'));
  checkDataArrived(data.path);
  const worker = { port: await runtime.port(), secret: identity.secret };
  const refused = [...registrations.refused, ...(await importRegistrations(registrations.files, worker))];
  await tellOfRefused(refused, worker);
  await target.open(runtime);
  if (stopping) return;
  for (const { path, reason } of refused) {
    process.stderr.write(`Eyrie: a registration file was refused: ${path} ${reason}\n`);
  }
  announce(settings, data, certificate);
}

function announce(settings: Settings, data: DataDirectory, certificate: Certificate): void {
  if (data.firstStart) {
    data.keepBootstrapToken();
    console.log(`The first administrator registers with this one-time registration token: ${data.bootstrapToken}`);
  }
  if (certificate.files === undefined) {
    console.log(
      `The TLS certificate was made here: other servers will not trust it unless they are given ${join(data.path, 'tls', 'ca.pem')}. To federate, give --tls-cert and --tls-key.`,
    );
  }
  const host = settings.bind.includes(':') ? `[${settings.bind}]` : settings.bind;
  console.log(
    `Eyrie is ready: ${settings.serverName}, clients at http://${host}:${settings.clientPort}, federation at https://${host}:${settings.federationPort}`,
  );
}

process.stdout.on('error', () => {}); // whoever read our lines has gone; the server has not
process.stderr.on('error', () => {});
onStopRequest(() => void stop(0));
onParentGone(() => void stop(0));
const args = process.argv.slice(2);
if (asksForHelp(args)) {
  console.log(helpText());
  process.exit(0);
}
try {
  await start(parseSettings(args, process.env));
} catch (error) {
  fail(error);
}
