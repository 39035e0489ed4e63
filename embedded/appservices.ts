import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

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

/**
 * Reads every `.yaml` and `.yml` file of a directory.
 * @throws StartError naming the file that cannot be used, and why.
 */
export function readRegistrationFiles(directory: string): readonly RegistrationFile[] {
  const files = namesIn(directory).map((name) => readRegistration(join(directory, name)));
  const paths = new Map<unknown, string>();
  for (const { path, registration } of files) {
    const other = paths.get(registration['id']);
    if (other !== undefined) throw new StartError(`${path} and ${other} have the same id.`);
    paths.set(registration['id'], path);
  }
  return files;
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
    throw new StartError(`${path} is no registration of an application service: it holds no fields.`);
  }
  for (const field of ['id', 'as_token', 'hs_token']) {
    if (typeof (registration as Record<string, unknown>)[field] !== 'string') {
      throw new StartError(`${path} is no registration of an application service: it has no ${field}.`);
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
    throw new StartError(`${path} cannot be read as YAML: ${reason.replace(/[:.]$/, '')}.`);
  }
}

/**
 * Gives the registrations to the Worker, which takes each by its id.
 * @param port of the Worker's own socket, on loopback.
 * @throws StartError naming the file that was refused, and why.
 */
export async function importRegistrations(
  files: readonly RegistrationFile[],
  { port, secret }: { port: number; secret: string },
): Promise<void> {
  for (const { path, registration } of files) {
    const answer = await fetch(`http://127.0.0.1:${port}/_eyrie/launcher/v1/appservices`, {
      method: 'PUT',
      headers: { 'eyrie-front-secret': secret, 'eyrie-launcher-secret': secret },
      body: JSON.stringify(registration),
    });
    if (answer.ok) continue;
    const { error = `answered ${answer.status}` } = (await answer.json().catch(() => ({}))) as { error?: string };
    throw new StartError(`${path} is no registration that can be used: ${error.replace(/\.$/, '')}.`);
  }
}
