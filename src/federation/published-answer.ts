import { isJsonObject, type JsonObject } from '../matrix/json/json-value.ts';

/** The most of an answer that is kept to be passed on: those of ordinary servers have a few hundred characters. */
export const MAX_ANSWER_LENGTH = 65_536;

/** What a server said about its keys, verified. */
export interface PublishedAnswer {
  /** The answer of `/_matrix/key/v2/server` as canonical JSON, with its signatures. */
  readonly json: string;
  /** Until when (ms) it is passed on without asking again. */
  readonly validUntil: number;
}

/** What somebody asks of a server's keys. */
export interface KeyWish {
  /** Empty: all. */
  readonly keyIds: readonly string[];
  /** Until when (ms) they should be valid. */
  readonly minimumValidUntil: number;
}

/** Whether an answer says what is asked, so that the server need not be asked again. */
export function isCurrent({ json, validUntil }: PublishedAnswer, { keyIds, minimumValidUntil }: KeyWish): boolean {
  if (validUntil < minimumValidUntil) return false;
  if (keyIds.length === 0) return true;
  const { verify_keys: current, old_verify_keys: old } = JSON.parse(json) as JsonObject;
  const has = (keys: typeof current, keyId: string) => isJsonObject(keys) && Object.hasOwn(keys, keyId);
  return keyIds.every((keyId) => has(current, keyId) || has(old, keyId));
}
