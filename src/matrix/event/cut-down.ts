import type { JsonObject } from '../json/json-value.ts';
import type { Pdu } from './pdu.ts';

const kept = [
  'auth_events',
  'depth',
  'event_id',
  'origin_server_ts',
  'prev_events',
  'room_id',
  'sender',
  'state_key',
  'type',
] as const;

/**
 * What is kept of a rejected event of a server that sends many: who sent what kind of event, and where it stands in the
 * graph. Without hashes and signatures it is no event any more, and must neither be judged nor given to anybody.
 */
export function cutDown(pdu: Pdu): Pdu {
  const json: JsonObject = {
    content: {},
    ...Object.fromEntries(kept.filter((key) => pdu.json[key] !== undefined).map((key) => [key, pdu.json[key]])),
  };
  return { ...pdu, json, content: {}, redacts: undefined };
}

export const isCutDown = ({ json }: Pdu): boolean => json['hashes'] === undefined;
