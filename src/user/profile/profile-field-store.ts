import type { UserId } from '../../matrix/ids/brands.ts';
import type { JsonObject, JsonValue } from '../../matrix/json/json-value.ts';

/** What users say of themselves beside name and avatar: JSON of any type. Synchronous. */
export interface ProfileFieldStore {
  fields(userId: UserId): JsonObject;
  putField(userId: UserId, name: string, value: JsonValue): void;
  removeField(userId: UserId, name: string): void;
  removeFieldsOf(userId: UserId): void;
}
