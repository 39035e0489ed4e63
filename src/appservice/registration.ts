import type { Namespace, Registration } from './ports.ts';
import type { JsonObject, JsonValue } from '../matrix/json/json-value.ts';
import { isJsonObject } from '../matrix/json/json-value.ts';
import { allow, deny, type Result } from '../matrix/result.ts';

/** A registration as it was given; a token that was left out is the one that is kept already. */
export interface GivenRegistration {
  readonly registration: Registration;
  readonly asToken: string | undefined;
  readonly hsToken: string | undefined;
}

export interface UrlRules {
  readonly isPrivate: (url: URL) => boolean;
  readonly allowPrivateAddresses: boolean;
}

const ID = /^[A-Za-z0-9._=~:+-](?:[ A-Za-z0-9._=~:+-]{0,253}[A-Za-z0-9._=~:+-])?$/;
/** Whoever guesses one speaks for all users of the namespace. */
const TOKEN = /^[\u0021-\u007e]{16,512}$/;
const LOCALPART = /^[a-z0-9._=\-/+]{1,200}$/;
/** The name before it was part of the specification (MSC2409). */
const OLDER_EPHEMERAL = 'de.sorunome.msc2409.push_ephemeral';
const MAX_REGEX = 1_024;
const MAX_NAMESPACES = 100;
const MAX_PROTOCOLS = 50;

/** Why there is no plain http. */
export const NEEDS_FLAG = 'http, at a private address, needs a server that is started with --allow-private-addresses';

class Refusal extends Error {}

/**
 * Checks a registration. Fields that are not known are ignored. Source: Application Service API, "Registration".
 * @returns what it says, or a sentence on what is wrong with it.
 */
export function readRegistration(body: JsonObject, urls: UrlRules): Result<GivenRegistration, string> {
  try {
    return allow({
      registration: {
        id: idOf(body['id']),
        url: urlOf(body['url'], urls),
        senderLocalpart: textOf(body, 'sender_localpart', LOCALPART, 'a local part of a user ID: a-z 0-9 . _ = - / +'),
        namespaces: namespacesOf(body['namespaces']),
        rateLimited: flagOf(body, ['rate_limited'], true),
        protocols: protocolsOf(body['protocols']),
        receivesEphemeral: flagOf(body, ['receive_ephemeral', OLDER_EPHEMERAL], false),
        ...(flagOf(body, [OLDER_EPHEMERAL], false) ? { knowsOlderEphemeral: true } : {}),
        receivesDeviceChanges: flagOf(body, ['org.matrix.msc3202'], false),
        isAdmin: flagOf(body, ['eyrie.admin'], false),
        echo: echoOf(body['eyrie.echo']),
      },
      asToken: tokenOf(body, 'as_token'),
      hsToken: tokenOf(body, 'hs_token'),
    });
  } catch (error) {
    if (error instanceof Refusal) return deny(error.message);
    throw error;
  }
}

function idOf(value: JsonValue | undefined): string {
  if (typeof value === 'string' && ID.test(value)) return value;
  throw new Refusal('id must have 1 to 255 of the characters A-Z a-z 0-9 . _ = ~ : + - and spaces between');
}

function textOf(body: JsonObject, key: string, shape: RegExp, what: string): string {
  const value = body[key];
  if (typeof value === 'string' && shape.test(value)) return value;
  throw new Refusal(`${key} must be ${what}`);
}

function tokenOf(body: JsonObject, key: string): string | undefined {
  if (body[key] === undefined || body[key] === null) return undefined;
  return textOf(body, key, TOKEN, '16 to 512 printable ASCII characters without spaces');
}

function flagOf(body: JsonObject, keys: readonly string[], otherwise: boolean): boolean {
  for (const key of keys) {
    const value = body[key];
    if (typeof value === 'boolean') return value;
    if (value !== undefined && value !== null) throw new Refusal(`${key} must be true or false`);
  }
  return otherwise;
}

function echoOf(value: JsonValue | undefined): Registration['echo'] {
  if (value === undefined || value === null || value === 'mark') return 'mark';
  if (value === 'drop') return 'drop';
  throw new Refusal('eyrie.echo must be "mark" or "drop"');
}

/** @returns without a slash at its end. */
function urlOf(value: JsonValue | undefined, { isPrivate, allowPrivateAddresses }: UrlRules): string | undefined {
  if (value === null) return undefined;
  if (typeof value !== 'string' || value.length > 2_000 || !URL.canParse(value)) {
    throw new Refusal('url must be a URL, or null where nothing is to be pushed');
  }
  const url = new URL(value);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw new Refusal('url must begin with https://');
  if (url.username !== '' || url.password !== '') throw new Refusal('url must not hold a user name or a password');
  if (url.search !== '' || url.hash !== '') throw new Refusal('url must have neither a query nor a fragment');
  if (url.protocol === 'http:' && !isPrivate(url)) {
    throw new Refusal('url must begin with https://: http is for private addresses only');
  }
  if (url.protocol === 'http:' && !allowPrivateAddresses)
    throw new Refusal(`url must begin with https://: ${NEEDS_FLAG}`);
  return url.href.replace(/\/+$/, '');
}

function namespacesOf(value: JsonValue | undefined): Registration['namespaces'] {
  if (!isJsonObject(value)) throw new Refusal('namespaces must be an object with users, aliases and rooms');
  return {
    users: namespaceList(value['users'], 'namespaces.users'),
    aliases: namespaceList(value['aliases'], 'namespaces.aliases'),
    rooms: namespaceList(value['rooms'], 'namespaces.rooms'),
  };
}

function namespaceList(value: JsonValue | undefined, path: string): readonly Namespace[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value) || value.length > MAX_NAMESPACES) {
    throw new Refusal(`${path} must be a list of at most ${MAX_NAMESPACES}`);
  }
  return value.map((item, at) => namespaceOf(item, `${path}[${at}]`));
}

function namespaceOf(item: JsonValue, path: string): Namespace {
  if (!isJsonObject(item)) throw new Refusal(`${path} must be an object with exclusive and regex`);
  const { exclusive, regex } = item;
  if (typeof exclusive !== 'boolean') throw new Refusal(`${path}.exclusive must be true or false`);
  if (typeof regex !== 'string' || regex === '' || regex.length > MAX_REGEX) {
    throw new Refusal(`${path}.regex must have 1 to ${MAX_REGEX} characters`);
  }
  try {
    void new RegExp(regex);
  } catch {
    throw new Refusal(`${path}.regex is not a regular expression`);
  }
  return { exclusive, regex };
}

function protocolsOf(value: JsonValue | undefined): readonly string[] {
  if (value === undefined || value === null) return [];
  const isList = Array.isArray(value) && value.length <= MAX_PROTOCOLS;
  if (!isList || !value.every((item) => typeof item === 'string' && item !== '' && item.length <= 255)) {
    throw new Refusal(`protocols must be a list of at most ${MAX_PROTOCOLS} names`);
  }
  return value as string[];
}
