import { expect, test } from 'vitest';

import { createDiscovery, type DiscoveryOptions } from '../../../src/federation/discovery.ts';
import type { SrvRecord } from '../../../src/federation/srv.ts';
import type { ServerName } from '../../../src/matrix/ids/brands.ts';
import { stubFetch } from '../../support/worker/stub-fetch.ts';

const HOUR_MS = 3_600_000;
const wellKnownOf = (host: string) => `https://${host}/.well-known/matrix/server`;
const delegation = (server: string, headers: Record<string, string> = {}) =>
  Response.json({ 'm.server': server }, { headers });

function aDiscovery(options: Partial<DiscoveryOptions> & { srv?: Record<string, SrvRecord[]> } = {}) {
  const peers = stubFetch();
  const asked: string[] = [];
  let now = 1_000_000;
  const discovery = createDiscovery({
    fetch: peers.fetch,
    lookupSrv: async (name) => {
      asked.push(name);
      return options.srv?.[name] ?? [];
    },
    now: () => now,
    allowPrivateAddresses: false,
    ...options,
  });
  return {
    peers,
    asked,
    wait: (ms: number) => (now += ms),
    resolve: (server: string) => discovery.resolve(server as ServerName),
    doubt: (server: string) => discovery.doubt(server as ServerName),
  };
}

const srv = (name: string, port: number): SrvRecord => ({ name, port, priority: 10, weight: 0 });

test.each([
  ['1.2.3.4', '1.2.3.4:8448', 'ip-literal'],
  ['1.2.3.4:99', '1.2.3.4:99', 'ip-literal'],
  ['[2606:4700::1]', '[2606:4700::1]:8448', 'ip-literal'],
  ['[2606:4700::1]:99', '[2606:4700::1]:99', 'ip-literal'],
  ['example.org:1234', 'example.org:1234', 'explicit-port'],
])('%s is reached at %s without asking anybody', async (server, authority, step) => {
  const { resolve, peers, asked } = aDiscovery();
  expect(await resolve(server)).toMatchObject({ ok: true, value: { authority, step } });
  expect([...peers.sent, ...asked]).toEqual([]);
});

test.each([
  ['8.8.8.8', '8.8.8.8:8448'],
  ['hs.example.com:443', 'hs.example.com:443'],
  ['hs.example.com', 'hs.example.com:8448'],
])('a delegation to %s leads to %s', async (delegatedTo, authority) => {
  const { resolve, peers } = aDiscovery();
  peers.answer(wellKnownOf('example.org'), delegation(delegatedTo));
  expect(await resolve('example.org')).toMatchObject({ ok: true, value: { authority, delegatedTo } });
});

test('the delegated name is looked up as SRV, not the first one', async () => {
  const { resolve, peers, asked } = aDiscovery({
    srv: { '_matrix-fed._tcp.hs.example.com': [srv('hs.example.com.', 4443)] },
  });
  peers.answer(wellKnownOf('example.org'), delegation('hs.example.com'));
  expect(await resolve('example.org')).toMatchObject({
    ok: true,
    value: { authority: 'hs.example.com:4443', step: 'srv' },
  });
  expect(asked.every((name) => name.endsWith('.hs.example.com'))).toBe(true);
});

test('without .well-known and SRV the port is 8448', async () => {
  const { resolve } = aDiscovery();
  expect(await resolve('example.org')).toMatchObject({
    ok: true,
    value: { authority: 'example.org:8448', step: 'fallback-port' },
  });
});

test('the deprecated SRV record counts only where the registered one is absent', async () => {
  const both = {
    '_matrix-fed._tcp.example.org': [srv('example.org', 1)],
    '_matrix._tcp.example.org': [srv('example.org', 2)],
  };
  expect(await aDiscovery({ srv: both }).resolve('example.org')).toMatchObject({
    value: { authority: 'example.org:1' },
  });
  const { '_matrix._tcp.example.org': deprecated } = both;
  const old = aDiscovery({ srv: { '_matrix._tcp.example.org': deprecated } });
  expect(await old.resolve('example.org')).toMatchObject({ value: { authority: 'example.org:2' } });
});

test('an SRV record that points to another host is refused with the reason', async () => {
  const { resolve } = aDiscovery({ srv: { '_matrix-fed._tcp.example.org': [srv('hs.example.net', 443)] } });
  const found = await resolve('example.org');
  expect(found).toMatchObject({ ok: false, reason: { kind: 'srv-elsewhere' } });
  expect(JSON.stringify(found)).toContain('hs.example.net');
});

test('a pinned server goes where the administrator said', async () => {
  const { resolve } = aDiscovery({ pins: new Map([['example.org' as ServerName, 'hs.example.net:443']]) });
  expect(await resolve('example.org')).toMatchObject({ value: { authority: 'hs.example.net:443', step: 'pinned' } });
});

test.each(['127.0.0.1', 'localhost:8448', '[::1]', 'hs1', '2130706433'])('%s is refused as private', async (server) => {
  expect(await aDiscovery().resolve(server)).toMatchObject({ ok: false, reason: { kind: 'private-address' } });
});

test('a server name that is no host of a URL is refused', async () => {
  expect(await aDiscovery().resolve('999.9999999999')).toMatchObject({ ok: false });
});

test('a delegation to a private address is refused', async () => {
  const { resolve, peers } = aDiscovery();
  peers.answer(wellKnownOf('example.org'), delegation('169.254.169.254:80'));
  expect(await resolve('example.org')).toMatchObject({ ok: false, reason: { kind: 'private-address' } });
});

test('where private addresses are allowed, a short name is reached at 8448', async () => {
  const { resolve } = aDiscovery({ allowPrivateAddresses: true });
  expect(await resolve('hs1')).toMatchObject({ ok: true, value: { authority: 'hs1:8448' } });
});

test('redirects of .well-known are followed, private ones are not', async () => {
  const { resolve, peers } = aDiscovery();
  const redirect = (location: string) => new Response(null, { status: 301, headers: { location } });
  peers.answer(wellKnownOf('example.org'), redirect('https://www.example.org/matrix'));
  peers.answer('https://www.example.org/matrix', delegation('hs.example.org:443'));
  expect(await resolve('example.org')).toMatchObject({ value: { authority: 'hs.example.org:443' } });
  peers.answer(wellKnownOf('evil.example'), redirect('https://169.254.169.254/latest'));
  expect(await resolve('evil.example')).toMatchObject({ value: { authority: 'evil.example:8448' } });
  peers.answer(wellKnownOf('loop.example'), redirect('/.well-known/matrix/server'));
  expect(await resolve('loop.example')).toMatchObject({ value: { authority: 'loop.example:8448' } });
  expect(peers.sent.filter(({ url }) => url.includes('169.254'))).toEqual([]);
  expect(peers.sent.length).toBeLessThan(12);
});

test.each([
  ['a hang', 'hang' as const],
  ['an error', new Error('connection reset')],
  ['not JSON', new Response('<html>')],
  ['no m.server', Response.json({})],
  ['a wrong m.server', Response.json({ 'm.server': 'https://hs.example.org' })],
  ['status 404', Response.json({ 'm.server': 'hs.example.org' }, { status: 404 })],
  ['an endless body', new Response('x'.repeat(70_000))],
])('%s at .well-known means port 8448', async (_what, answer) => {
  const { resolve, peers } = aDiscovery();
  peers.answer(wellKnownOf('example.org'), answer);
  expect(await resolve('example.org')).toMatchObject({ ok: true, value: { authority: 'example.org:8448' } });
});

test.each([
  ['no header', {}, 24],
  ['max-age', { 'cache-control': 'public, max-age=7200' }, 2],
  ['a very long max-age', { 'cache-control': 'max-age=999999999' }, 48],
])('with %s a delegation is cached for its time', async (_what, headers, hours) => {
  const { resolve, peers, wait } = aDiscovery();
  peers.answer(wellKnownOf('example.org'), delegation('hs.example.org:443', headers));
  await resolve('example.org');
  wait(hours * HOUR_MS - 1);
  await resolve('example.org');
  expect(peers.sent).toHaveLength(1);
  wait(1);
  await resolve('example.org');
  expect(peers.sent).toHaveLength(2);
});

test('errors are cached for a minute at first, then longer, at most an hour', async () => {
  const { resolve, peers, wait } = aDiscovery();
  await resolve('example.org');
  wait(59_999);
  await resolve('example.org');
  expect(peers.sent).toHaveLength(1);
  for (let failure = 0; failure < 10; failure += 1) {
    wait(HOUR_MS);
    await resolve('example.org');
  }
  expect(peers.sent).toHaveLength(11);
});

test('a delegation whose target does not answer is asked for again, unless it is fresh', async () => {
  const { resolve, doubt, peers, wait } = aDiscovery();
  peers.answer(wellKnownOf('example.org'), delegation('old.example.org:443'));
  await resolve('example.org');
  peers.answer(wellKnownOf('example.org'), delegation('new.example.org:443'));
  doubt('example.org');
  expect(await resolve('example.org')).toMatchObject({ value: { authority: 'old.example.org:443' } });
  wait(HOUR_MS);
  doubt('example.org');
  expect(await resolve('example.org')).toMatchObject({ value: { authority: 'new.example.org:443' } });
});
