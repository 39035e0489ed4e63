import { canonicalJson } from '../../matrix/json/canonical-json.ts';
import type { JsonObject } from '../../matrix/json/json-value.ts';
import { pduAnswer } from './pdu-answer.ts';

/** The template of a membership event, and the version of the room that it is for. */
export const templateAnswer = (template: { readonly roomVersion: string; readonly event: JsonObject }): Response =>
  pduAnswer({ room_version: JSON.stringify(template.roomVersion), event: canonicalJson(template.event) });
