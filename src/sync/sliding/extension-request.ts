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
  readonly toDevice: WantedMessages | undefined;
}

/** Source: MSC3885. */
export interface WantedMessages {
  /** The messages that the device has received; `undefined`: none yet. */
  readonly since: ToDeviceToken | undefined;
  readonly limit: number;
}

/** A token of messages to a device. */
export interface ToDeviceToken {
  /** Of sync tokens: that of another one means nothing. */
  readonly epoch: string;
  /** Of the shard when the last message that was told came. */
  readonly seq: number;
}

const MAX_NAMES = 256;
const TO_DEVICE = /^([0-9a-z]{1,16})_(\d{1,15})$/;
/** Of devices that were told no message yet. */
const FIRST_TO_DEVICE = '0';
const MAX_MESSAGES = 100;

/** Throws `M_INVALID_PARAM`. Extensions of other names are none of ours. */
export function readExtensions(extensions: JsonObject): SlidingExtensions {
  const toDevice = enabled(extensions['to_device']);
  return {
    accountData: scopeOf(extensions['account_data']),
    receipts: scopeOf(extensions['receipts']),
    typing: scopeOf(extensions['typing']),
    e2ee: enabled(extensions['e2ee']) !== undefined,
    toDevice:
      toDevice === undefined
        ? undefined
        : { since: toDeviceToken(toDevice['since']), limit: limitOf(toDevice['limit']) },
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

function toDeviceToken(since: JsonValue | undefined): ToDeviceToken | undefined {
  if (since === undefined || since === null || since === FIRST_TO_DEVICE) return undefined;
  const [, epoch, seq] = (typeof since === 'string' ? TO_DEVICE.exec(since) : null) ?? [];
  if (epoch === undefined) throw invalidParam('since of to_device is no token of ours');
  return { epoch, seq: Number(seq) };
}

export const formatToDeviceToken = (token: ToDeviceToken | undefined): string =>
  token === undefined ? FIRST_TO_DEVICE : `${token.epoch}_${token.seq}`;

function limitOf(limit: JsonValue | undefined): number {
  if (limit === undefined || limit === null) return MAX_MESSAGES;
  if (typeof limit !== 'number' || !Number.isInteger(limit) || limit < 1) {
    throw invalidParam('limit of to_device is no number of messages');
  }
  return Math.min(limit, MAX_MESSAGES);
}
