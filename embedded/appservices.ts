import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

import { parse } from 'yaml';

import { StartError } from './start-error.ts';

/** A registration file of an application service. Source: Application Service API, "Registration". */
export interface RegistrationFile {
  path: string;
  registration: Record<string, unknown>;
}

/** A registration is a few lines; aliases could make much of little. */
const MAX_BYTES = 1_048_576;
const PARSER = { schema: 'core', maxAliasCount: 100, prettyErrors: true } as const;

/** One that is not taken, and why: what follows its name in a sentence. */
export interface RefusedFile {
  path: string;
  reason: string;
}

export interface ReadFiles {
  files: readonly RegistrationFile[];
  refused: readonly RefusedFile[];
}

/**
 * Reads every `.yaml` and `.yml` file of a directory, in the order of their names. Of two with one id the first counts.
 * @throws StartError for a directory that cannot be read.
 */
export function readRegistrationFiles(directory: string): ReadFiles {
  const files = new Map<unknown, RegistrationFile>();
  const refused: RefusedFile[] = [];
  for (const name of namesIn(directory)) {
    const path = join(directory, name);
    const file = refusing(path, refused, () => readRegistration(path));
    if (file === undefined) continue;
    const other = files.get(file.registration['id']);
    if (other === undefined) files.set(file.registration['id'], file);
    else refused.push({ path, reason: `has the same id as ${basename(other.path)}.` });
  }
  return { files: [...files.values()], refused };
}

class Refusal extends Error {}

function refusing<T>(path: string, refused: RefusedFile[], read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    refused.push({ path, reason: error.message });
    return undefined;
  }
}

function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory)
      .filter((name) => /\.ya?ml$/.test(name))
      .toSorted();
  } catch (error) {
    throw new StartError(`The directory of --appservices cannot be read: ${(error as Error).message}.`);
  }
}

function readRegistration(path: string): RegistrationFile {
  const registration = parsed(path);
  if (typeof registration !== 'object' || registration === null || Array.isArray(registration)) {
    throw new Refusal('is no registration of an application service: it holds no fields.');
  }
  for (const field of ['id', 'as_token', 'hs_token']) {
    if (typeof (registration as Record<string, unknown>)[field] !== 'string') {
      throw new Refusal(`is no registration of an application service: it has no ${field}.`);
    }
  }
  return { path, registration: registration as Record<string, unknown> };
}

function parsed(path: string): unknown {
  try {
    const text = readFileSync(path, 'utf8');
    if (text.length > MAX_BYTES) throw new Error('it is too long');
    return parse(text, PARSER);
  } catch (error) {
    const [reason = ''] = (error as Error).message.split('\n');
    throw new Refusal(`cannot be read as YAML: ${reason.replace(/[:.]$/, '')}.`);
  }
}

/**
 * Gives the registrations to the Worker, which takes each by its id.
 * @returns those that it refuses.
 * @throws StartError where it could not take one for a reason that is not the file's.
 */
export async function importRegistrations(
  files: readonly RegistrationFile[],
  worker: WorkerSocket,
): Promise<readonly RefusedFile[]> {
  const refused: RefusedFile[] = [];
  for (const { path, registration } of files) {
    const answer = await put('appservices', registration, worker);
    if (answer.ok) continue;
    const { error = `answered ${answer.status}` } = (await answer.json().catch(() => ({}))) as { error?: string };
    const reason = error.replace(/\.$/, '');
    if (answer.status >= 500) throw new StartError(`${path} could not be taken: ${reason}.`);
    refused.push({ path, reason: `is no registration that can be used: ${reason}.` });
  }
  return refused;
}

/** Has the Worker show administrators which files were refused at this start. */
export async function tellOfRefused(refused: readonly RefusedFile[], worker: WorkerSocket): Promise<void> {
  const named = refused.map(({ path, reason }) => ({ file: basename(path), reason }));
  await put('refused-registrations', { refused: named }, worker);
}

/** The Worker's own socket, on loopback, and what it knows the launcher by. */
interface WorkerSocket {
  port: number;
  secret: string;
}

function put(name: string, body: object, { port, secret }: WorkerSocket): Promise<Response> {
  return fetch(`http://127.0.0.1:${port}/_eyrie/launcher/v1/${name}`, {
    method: 'PUT',
    headers: { 'eyrie-front-secret': secret, 'eyrie-launcher-secret': secret },
    body: JSON.stringify(body),
  });
}
