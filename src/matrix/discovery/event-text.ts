import type { JsonObject, JsonValue } from '../json/json-value.ts';
import { plainTopic } from './plain-topic.ts';

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
  if (type !== 'm.room.topic') return '';
  return `${textual(content['topic'])} ${textual(plainTopic(content)?.['body'])}`.trim();
}

const textual = (value: JsonValue | undefined): string => (typeof value === 'string' ? value : '');
