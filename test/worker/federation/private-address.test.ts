import { expect, test } from 'vitest';

import { isPrivateUrl } from '../../../src/federation/private-address.ts';

test.each([
  'localhost',
  'LOCALHOST',
  'hs1',
  'a.localhost',
  'printer.local',
  'db.internal',
  'metadata.google.internal.',
  '127.0.0.1',
  '0.0.0.0',
  '10.1.2.3',
  '100.64.0.1',
  '169.254.169.254',
  '172.31.255.255',
  '192.168.1.1',
  '198.19.0.1',
  '255.255.255.255',
  '0x7f.1',
  '2130706433',
  '0177.0.0.1',
  '[::1]',
  '[::]',
  '[fe80::1]',
  '[fd00::1]',
  '[::ffff:127.0.0.1]',
  '[64:ff9b::7f00:1]',
  '[2002:7f00:1::]',
  '[2001:db8::1]',
])('%s is private', (host) => {
  expect(isPrivateUrl(new URL(`https://${host}/`))).toBe(true);
});

test.each([
  'example.org',
  'localhost.example.org',
  '9.9.9.9',
  '100.63.255.255',
  '100.128.0.1',
  '172.32.0.1',
  '198.20.0.1',
  '[2606:4700::1111]',
  '[64:ff9b::909:909]',
])('%s is public', (host) => {
  expect(isPrivateUrl(new URL(`https://${host}/`))).toBe(false);
});
