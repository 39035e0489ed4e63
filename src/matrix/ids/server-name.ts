import { allow, deny, type Result } from '../result.ts';
import type { ServerName } from './brands.ts';

export interface ServerNameParts {
  readonly host: string;
  readonly port: number | undefined;
  readonly kind: 'dns' | 'ipv4' | 'ipv6';
}

const GRAMMAR = /^(?:(\d{1,3}(?:\.\d{1,3}){3})|(\[[0-9A-Fa-f:.]{2,45}\])|([0-9A-Za-z.-]{1,255}))(?::(\d{1,5}))?$/;
/** Inside an IPv6 address no number has a leading zero. */
const EMBEDDED_IPV4 = /^(?:0|[1-9]\d{0,2})(?:\.(?:0|[1-9]\d{0,2})){3}$/;
const MAX_PORT = 65_535;

/**
 * Parses a server name: the grammar, and that IP literals and the port are what they look like. Whether a DNS name
 * could exist is not asked. Case-sensitive. Source: Appendices, "Server Name".
 */
export function parseServerName(text: string): Result<ServerName, string> {
  const match = GRAMMAR.exec(text);
  if (match === null) return deny('not a server name');
  const [, ipv4, ipv6, , port] = match;
  if (ipv4 !== undefined && !areOctets(ipv4)) return deny('not an IPv4 address');
  if (ipv6 !== undefined && !isIpv6(ipv6.slice(1, -1))) return deny('not an IPv6 address');
  if (port !== undefined && Number(port) > MAX_PORT) return deny('not a port');
  return allow(text as ServerName);
}

/** Takes a server name apart. An IPv6 literal keeps its brackets. */
export function splitServerName(name: ServerName): ServerNameParts {
  const match = GRAMMAR.exec(name);
  if (match === null) throw new Error('not a parsed server name');
  const [, ipv4, ipv6, dns, port] = match;
  const kind = ipv4 === undefined ? (ipv6 === undefined ? 'dns' : 'ipv6') : 'ipv4';
  return { host: ipv4 ?? ipv6 ?? dns ?? '', port: port === undefined ? undefined : Number(port), kind };
}

const MAX_OWN_NAME = 230;
const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/**
 * Whether a server may be called so here: a DNS name that could exist, in lower case, of at most 230 characters with its
 * port, so that the IDs made of it are not too long. Others may be called otherwise.
 */
export function isOwnName(name: ServerName): boolean {
  const { host, kind } = splitServerName(name);
  const labels = host.split('.');
  const isNumber = /^\d+$/.test(labels.at(-1) ?? '');
  return kind === 'dns' && name.length <= MAX_OWN_NAME && !isNumber && labels.every((label) => LABEL.test(label));
}

/** @param dotted four decimal numbers. */
const areOctets = (dotted: string) => dotted.split('.').every((octet) => Number(octet) <= 255);

/** Source: RFC 3513, section 2.2: eight groups, or fewer around one `::`; the last two may be an IPv4 address. */
function isIpv6(text: string): boolean {
  const halves = text.split('::');
  const groups = halves.flatMap((half) => (half === '' ? [] : half.split(':')));
  const last = groups.at(-1) ?? '';
  const embedsIpv4 = EMBEDDED_IPV4.test(last) && areOctets(last) && text.endsWith(last);
  const hex = embedsIpv4 ? groups.slice(0, -1) : groups;
  const count = hex.length + (embedsIpv4 ? 2 : 0);
  const isCounted = halves.length === 1 ? count === 8 : halves.length === 2 && count <= 7;
  return isCounted && hex.every((group) => /^[0-9A-Fa-f]{1,4}$/.test(group));
}
