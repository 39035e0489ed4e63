type Field = string | number | boolean | undefined;

/** Writes one JSON object per line. Never tokens, passwords, keys, request bodies or event content. */
export function log(level: 'info' | 'warn' | 'error', event: string, fields: Readonly<Record<string, Field>>): void {
  console[level](JSON.stringify({ level, event, ...fields }));
}
