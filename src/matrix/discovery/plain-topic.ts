import { isJsonObject, type JsonObject } from '../json/json-value.ts';

/** The `text/plain` representation in a topic's content, which has no `mimetype` or that one. Source: `m.room.topic`. */
export function plainTopic(content: JsonObject | undefined): JsonObject | undefined {
  const block = content?.['m.topic'];
  const forms = isJsonObject(block) ? block['m.text'] : undefined;
  if (!Array.isArray(forms)) return undefined;
  const plain = forms.find(
    (form) => isJsonObject(form) && (form['mimetype'] === undefined || form['mimetype'] === 'text/plain'),
  );
  return isJsonObject(plain) ? plain : undefined;
}
