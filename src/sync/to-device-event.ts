import type { JsonObject } from '../matrix/json/json-value.ts';
import type { ToDeviceMessage } from './ports.ts';

/** Source: Client-Server API, "Send-to-Device messaging", "Extensions to /sync". */
export function toDeviceEvent({ sender, type, content }: ToDeviceMessage): JsonObject {
  return { sender, type, content: JSON.parse(content) as JsonObject };
}
