import { isJsonObject, type JsonObject, type JsonValue } from './json-value.ts';

/**
 * The names in a dot-separated path: `\.` is a dot and `\\` a backslash of a name; any other backslash stands for
 * itself. Source: Appendices, "Dot-separated property paths".
 */
export function splitPropertyPath(path: string): readonly string[] {
  const names: string[] = [];
  let name = '';
  for (let at = 0; at < path.length; at += 1) {
    const character = path.charAt(at);
    const next = path.charAt(at + 1);
    if (character === '\\' && (next === '.' || next === '\\')) {
      name += next;
      at += 1;
    } else if (character === '.') {
      names.push(name);
      name = '';
    } else name += character;
  }
  return [...names, name];
}

/** The property of an event under a path; `undefined` where there is none. */
export function propertyAt(event: JsonObject, path: readonly string[]): JsonValue | undefined {
  let value: JsonValue | undefined = event;
  for (const name of path) {
    if (!isJsonObject(value) || !Object.hasOwn(value, name)) return undefined;
    value = value[name];
  }
  return value;
}
