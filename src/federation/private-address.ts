const IPV4 = /^\d{1,3}(?:\.\d{1,3}){3}$/;

/**
 * Whether a URL names something that is not on the public internet. It looks at the name and not at what that
 * resolves to: behind it stand `global_fetch_strictly_public` in a deployment and the egress service of the embedded
 * server, which look at the address of the connection itself.
 * @param url parsed, so that `0x7f.1` and `2130706433` have become 127.0.0.1.
 */
export function isPrivateUrl(url: URL): boolean {
  const host = url.hostname.toLowerCase().replace(/\.$/, '');
  if (host.startsWith('[')) return isPrivateIpv6(expandIpv6(host.slice(1, -1)));
  if (IPV4.test(host)) return isPrivateIpv4(host.split('.').map(Number));
  return !host.includes('.') || /\.(?:localhost|local|internal|lan|home\.arpa)$/.test(host);
}

/** Source: IANA IPv4 Special-Purpose Address Registry; multicast and reserved space. */
const PRIVATE_IPV4: readonly (readonly [address: string, prefixBits: number])[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
];

const ipv4Number = (octets: readonly number[]) => octets.reduce((number, octet) => number * 256 + octet, 0);

function isPrivateIpv4(octets: readonly number[]): boolean {
  const number = ipv4Number(octets);
  return PRIVATE_IPV4.some(([address, prefixBits]) => {
    const size = 2 ** (32 - prefixBits);
    return Math.floor(number / size) === Math.floor(ipv4Number(address.split('.').map(Number)) / size);
  });
}

/** Only 2000::/3 is public, without documentation space; ranges that carry an IPv4 address are as public as that. */
function isPrivateIpv6(groups: readonly number[]): boolean {
  const [first = 0, second = 0] = groups;
  const ipv4At = (index: number) => {
    const [high = 0, low = 0] = groups.slice(index);
    return [high >> 8, high & 0xff, low >> 8, low & 0xff];
  };
  if (first === 0x64 && second === 0xff9b && groups.slice(2, 6).every((group) => group === 0)) {
    return isPrivateIpv4(ipv4At(6));
  }
  if (first === 0x2002) return isPrivateIpv4(ipv4At(1));
  if (first === 0x2001) return second < 0x200 || second === 0xdb8;
  return first < 0x2000 || first > 0x3ffe;
}

/** The eight groups of an address that the URL parser has serialised: lower case, no embedded IPv4. */
function expandIpv6(text: string): readonly number[] {
  const [head = '', tail] = text.split('::');
  const groups = (part: string) => (part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16)));
  if (tail === undefined) return groups(head);
  const [before, after] = [groups(head), groups(tail)];
  return [...before, ...Array<number>(8 - before.length - after.length).fill(0), ...after];
}
