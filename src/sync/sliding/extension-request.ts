import { invalidParam } from '../../matrix/error.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../matrix/json/json-value.ts';

/** Of which rooms an extension tells. Source: MSC3959, MSC3960, MSC3961. */
export interface ExtensionScope {
  /** `undefined`: of all lists. */
  readonly lists: readonly string[] | undefined;
  /** Of those that are subscribed to; `undefined`: of all of them. */
  readonly rooms: readonly string[] | undefined;
}

/** The extensions that a client has switched on. */
export interface SlidingExtensions {
  readonly accountData: ExtensionScope | undefined;
  readonly receipts: ExtensionScope | undefined;
  readonly typing: ExtensionScope | undefined;
  readonly e2ee: boolean;
  /** With the token that the client has. Source: MSC3885. */
  readonly toDevice: { readonly since: string | undefined } | undefined;
}

const MAX_NAMES = 256;
const TO_DEVICE = /^\d{1,15}$/;

/** Throws `M_INVALID_PARAM`. Extensions of other names are none of ours. */
export function readExtensions(extensions: JsonObject): SlidingExtensions {
  const toDevice = enabled(extensions['to_device']);
  return {
    accountData: scopeOf(extensions['account_data']),
    receipts: scopeOf(extensions['receipts']),
    typing: scopeOf(extensions['typing']),
    e2ee: enabled(extensions['e2ee']) !== undefined,
    toDevice: toDevice === undefined ? undefined : { since: toDeviceToken(toDevice['since']) },
  };
}

function enabled(extension: JsonValue | undefined): JsonObject | undefined {
  if (extension === undefined || extension === null) return undefined;
  if (!isJsonObject(extension)) throw invalidParam('An extension is no object');
  return extension['enabled'] === true ? extension : undefined;
}

function scopeOf(extension: JsonValue | undefined): ExtensionScope | undefined {
  const { lists, rooms } = enabled(extension) ?? { lists: null, rooms: null };
  return enabled(extension) === undefined ? undefined : { lists: namesOf(lists), rooms: namesOf(rooms) };
}

function namesOf(names: JsonValue | undefined): readonly string[] | undefined {
  if (names === undefined || names === null) return undefined;
  if (!Array.isArray(names) || names.length > MAX_NAMES || names.some((name) => typeof name !== 'string')) {
    throw invalidParam(`lists and rooms of an extension are lists of at most ${MAX_NAMES} names`);
  }
  return names as readonly string[];
}

function toDeviceToken(since: JsonValue | undefined): string | undefined {
  if (since === undefined || since === null) return undefined;
  if (typeof since !== 'string' || !TO_DEVICE.test(since)) throw invalidParam('since of to_device is no token of ours');
  return since;
}
