import type { JsonObject } from '../matrix/json/json-value.ts';
import type { EduHandler } from './receive/ports.ts';

/** The runtime settings that switch EDUs, both ways. */
export interface EduSwitches {
  readonly typing: boolean;
  readonly receipts: boolean;
  readonly presence: boolean;
}

function isOn(switches: EduSwitches, type: unknown): boolean {
  if (type === 'm.typing') return switches.typing;
  if (type === 'm.presence') return switches.presence;
  return type !== 'm.receipt' || switches.receipts;
}

/** Drops what comes from other servers while the type is switched off, and where the settings cannot be read. */
export function whileOn(type: string, switches: () => Promise<EduSwitches>, handler: EduHandler): EduHandler {
  return async (origin, content) => {
    if (isOn(await switches(), type)) await handler(origin, content);
  };
}

/** @param edus JSON texts of whole EDUs. @returns those that may leave. */
export function wantedEdus(switches: EduSwitches, edus: readonly string[]): readonly string[] {
  return edus.filter((json) => isOn(switches, (JSON.parse(json) as JsonObject)['edu_type']));
}
