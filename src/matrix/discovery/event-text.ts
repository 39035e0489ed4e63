import { isJsonObject, type JsonObject, type JsonValue } from '../json/json-value.ts';

/** The keys that can be searched, and the type of event each belongs to. Source: Client-Server API, "Search Categories". */
export const SEARCH_KEYS = {
  'content.body': 'm.room.message',
  'content.name': 'm.room.name',
  'content.topic': 'm.room.topic',
} as const;

const TYPES: ReadonlySet<string> = new Set(Object.values(SEARCH_KEYS));

/** Whether events of this type can be searched: never encrypted ones. */
export const isSearchedType = (type: string): boolean => TYPES.has(type);

/** What of an event is searched; empty for one without text. */
export function textOfEvent(type: string, content: JsonObject): string {
  if (type === 'm.room.message') return textual(content['body']);
  if (type === 'm.room.name') return textual(content['name']);
  return type === 'm.room.topic' ? `${textual(content['topic'])} ${plainTopic(content['m.topic'])}`.trim() : '';
}

/** The body of the `text/plain` representation, which has no `mimetype` or that one. Source: `m.room.topic`. */
function plainTopic(topic: JsonValue | undefined): string {
  const forms = isJsonObject(topic) ? topic['m.text'] : undefined;
  if (!Array.isArray(forms)) return '';
  const plain = forms.find(
    (form) => isJsonObject(form) && (form['mimetype'] === undefined || form['mimetype'] === 'text/plain'),
  );
  return isJsonObject(plain) ? textual(plain['body']) : '';
}

const textual = (value: JsonValue | undefined): string => (typeof value === 'string' ? value : '');
