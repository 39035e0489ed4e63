import { allow, deny, type Result } from '../result.ts';
import type { ServerName } from './brands.ts';

export interface ServerNameParts {
  readonly host: string;
  readonly port: number | undefined;
  readonly kind: 'dns' | 'ipv4' | 'ipv6';
}

const grammar = /^(?:(\d{1,3}(?:\.\d{1,3}){3})|(\[[0-9A-Fa-f:.]{2,45}\])|([0-9A-Za-z.-]{1,255}))(?::(\d{1,5}))?$/;

/** Parses a server name. Source: Appendices, "Server Name". */
export function parseServerName(text: string): Result<ServerName, string> {
  const match = grammar.exec(text);
  if (match === null) return deny('not a server name');
  if (match[4] !== undefined && Number(match[4]) > 65_535) return deny('not a port');
  return allow(text as ServerName);
}

/** Takes a server name apart. An IPv6 literal keeps its brackets. */
export function splitServerName(name: ServerName): ServerNameParts {
  const match = grammar.exec(name);
  if (match === null) throw new Error('not a parsed server name');
  const [, ipv4, ipv6, dns, port] = match;
  const kind = ipv4 === undefined ? (ipv6 === undefined ? 'dns' : 'ipv6') : 'ipv4';
  return { host: ipv4 ?? ipv6 ?? dns ?? '', port: port === undefined ? undefined : Number(port), kind };
}
