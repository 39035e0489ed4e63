import { isJsonObject, type JsonObject, type JsonValue } from '../../matrix/json/json-value.ts';

/** A registration as the file that bridges and other servers read: YAML, of which JSON's scalars are a part. */
export function registrationFile(registration: JsonObject): string {
  return Object.entries(registration)
    .map(([key, value]) => `${nameOf(key)}:${valueOf(value, '  ')}\n`)
    .join('');
}

/** Keys with a dot or the like are quoted. */
const nameOf = (key: string): string => (/^[a-z_]+$/.test(key) ? key : JSON.stringify(key));

function valueOf(value: JsonValue | undefined, indent: string): string {
  if (Array.isArray(value) && value.length > 0) {
    return value.map((item) => `\n${indent}-${itemOf(item, indent)}`).join('');
  }
  if (isJsonObject(value) && Object.keys(value).length > 0) return `\n${fieldsOf(value, indent)}`;
  return ` ${JSON.stringify(value ?? null)}`;
}

/** The first field stands behind the dash. */
function itemOf(item: JsonValue, indent: string): string {
  if (!isJsonObject(item)) return ` ${JSON.stringify(item)}`;
  return ` ${fieldsOf(item, `${indent}  `).trimStart()}`;
}

const fieldsOf = (object: JsonObject, indent: string): string =>
  Object.entries(object)
    .map(([key, value]) => `${indent}${nameOf(key)}:${valueOf(value, `${indent}  `)}`)
    .join('\n');
