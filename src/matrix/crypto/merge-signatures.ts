import { isJsonObject, type JsonObject } from '../json/json-value.ts';

/** The object with more signatures of one signer; those that it carries are kept. @param more by key ID. */
export function withSignatures(json: JsonObject, signer: string, more: Readonly<Record<string, string>>): JsonObject {
  if (Object.keys(more).length === 0) return json;
  const signatures = isJsonObject(json['signatures']) ? json['signatures'] : {};
  const own = isJsonObject(signatures[signer]) ? signatures[signer] : {};
  return { ...json, signatures: { ...signatures, [signer]: { ...own, ...more } } };
}
