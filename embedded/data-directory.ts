import { randomBytes } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import { StartError } from './start-error.ts';

/** The data directory, held by this process alone until it ends. */
export interface DataDirectory {
  /** absolute path */
  path: string;
  /** 32 random bytes, Base64: encrypts the keys that the server keeps in its database */
  secret: string;
  /** the one-time registration token of the first administrator */
  bootstrapToken: string;
  /** whether the token has not been shown yet */
  firstStart: boolean;
  /** remembers the token, which is shown only once */
  keepBootstrapToken(): void;
}

/**
 * Makes or opens the data directory.
 * @throws StartError if it cannot be written, another process holds it, or it was made for another server name.
 */
export function openDataDirectory(directory: string, serverName: string): DataDirectory {
  const path = makeDirectory(directory);
  hold(path);
  const madeFor = readIfThere(join(path, 'server-name'));
  if (madeFor !== undefined && madeFor !== serverName) {
    throw new StartError(
      `The data directory ${directory} was made for the server name ${madeFor} and cannot serve ${serverName}.`,
    );
  }
  const tokenFile = join(path, 'bootstrap-token');
  const knownToken = readIfThere(tokenFile);
  const bootstrapToken = knownToken ?? randomBytes(24).toString('base64url');
  return {
    path,
    secret: readSecret(join(path, 'secret')),
    bootstrapToken,
    firstStart: knownToken === undefined,
    keepBootstrapToken: () => writeWhole(tokenFile, bootstrapToken),
  };
}

/** Fixes the server name: from now on the directory serves no other. */
export function keepServerName(path: string, serverName: string): void {
  writeWhole(join(path, 'server-name'), serverName);
}

/**
 * Lets the runtime keep its temporary files in the directory, where those of a killed one are removed at the next start.
 * To be called before Miniflare is imported.
 */
export function useTemporaryDirectory(path: string): void {
  const directory = join(path, 'tmp');
  intoDirectory(path, () => {
    rmSync(directory, { recursive: true, force: true });
    mkdirSync(directory);
  });
  process.env['TMPDIR'] = directory;
}

/**
 * An option of the runtime that it does not know is ignored, and the data then go to a temporary directory: this sees it.
 * @throws StartError if the database is not where it belongs.
 */
export function checkDataArrived(path: string): void {
  const database = join(path, 'd1');
  const found = existsSync(database) ? readdirSync(database, { recursive: true, encoding: 'utf8' }) : [];
  if (!found.some((name) => name.endsWith('.sqlite'))) {
    throw new StartError(`The runtime does not store its data in ${path}; Eyrie stops before anything is lost.`);
  }
}

function makeDirectory(directory: string): string {
  if (statSync(directory, { throwIfNoEntry: false })?.isFile() === true) {
    throw new StartError(`The data directory ${directory} is a file.`);
  }
  try {
    makeWithParents(resolve(directory));
    return realpathSync(directory);
  } catch (error) {
    throw new StartError(`The data directory ${directory} cannot be made: ${(error as Error).message}.`);
  }
}

/** Node's own way of making parents never ends where one cannot be made although it is missing, as in /proc. */
function makeWithParents(directory: string): void {
  if (existsSync(directory)) return;
  makeWithParents(dirname(directory));
  mkdirSync(directory, { mode: 0o700 });
}

/** Kept here so that it is never collected: closing it would free the lock. */
let lock: DatabaseSync | undefined;

/** An exclusive transaction that stays open: it frees itself however the process ends, and needs no process ID. */
function hold(path: string): void {
  try {
    lock = new DatabaseSync(join(path, 'lock'));
    lock.exec('pragma journal_mode = delete; begin exclusive');
  } catch (error) {
    if (isBusy(error)) throw new StartError(`Another server uses the data directory ${path}.`);
    throw new StartError(`The data directory ${path} cannot be written: ${(error as Error).message}.`);
  }
}

function isBusy(error: unknown): boolean {
  const SQLITE_BUSY = 5;
  return error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY;
}

function readSecret(file: string): string {
  const known = readIfThere(file);
  if (known !== undefined) return known;
  const secret = randomBytes(32).toString('base64');
  writeWhole(file, secret);
  return secret;
}

function readIfThere(file: string): string | undefined {
  if (!existsSync(file)) return undefined;
  return readFileSync(file, 'utf8').trim();
}

/** Writes a small file so that it is there whole or not at all, whatever happens meanwhile. */
function writeWhole(file: string, text: string): void {
  intoDirectory(dirname(file), () => {
    writeFileSync(`${file}.new`, text, { mode: 0o600, flush: true });
    renameSync(`${file}.new`, file);
  });
}

/**
 * Runs what writes in the data directory.
 * @throws StartError naming the directory and why it cannot be written, as when the disk is full.
 */
export function intoDirectory(path: string, write: () => void): void {
  try {
    write();
  } catch (error) {
    throw new StartError(`The data directory ${path} cannot be written: ${(error as Error).message}.`);
  }
}
