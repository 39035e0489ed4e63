import { expect, test } from 'vitest';

import { isAllowedByAcl } from '../../../src/matrix/auth/server-acl.ts';
import type { ServerName } from '../../../src/matrix/ids/brands.ts';
import type { JsonObject } from '../../../src/matrix/json/json-value.ts';

const isAllowed = (content: JsonObject | undefined, server: string) => isAllowedByAcl(content, server as ServerName);

test('without an ACL everybody is allowed', () => {
  expect(isAllowed(undefined, 'evil.com')).toBe(true);
});

test('an ACL that allows nobody keeps everybody out', () => {
  expect(isAllowed({}, 'good.com')).toBe(false);
  expect(isAllowed({ allow: 'good.com' }, 'good.com')).toBe(false);
  expect(isAllowed({ allow: [1, null] }, 'good.com')).toBe(false);
});

test('denying counts more than allowing', () => {
  const acl = { allow: ['*'], deny: ['evil.com', '*.evil.com'] };
  expect(isAllowed(acl, 'good.com')).toBe(true);
  expect(isAllowed(acl, 'evil.com')).toBe(false);
  expect(isAllowed(acl, 'very.evil.com')).toBe(false);
  expect(isAllowed(acl, 'not-evil.com')).toBe(true);
});

test('neither the port nor the case of a name counts', () => {
  const acl = { allow: ['*'], deny: ['EVIL.com'] };
  expect(isAllowed(acl, 'evil.com:8448')).toBe(false);
  expect(isAllowed(acl, 'Evil.Com')).toBe(false);
});

test.each(['1.2.3.4', '1.2.3.4:8448', '[2001:db8::1]', '[2001:db8::1]:8448'])('%s is an IP literal', (server) => {
  expect(isAllowed({ allow: ['*'], allow_ip_literals: false }, server)).toBe(false);
  expect(isAllowed({ allow: ['*'], allow_ip_literals: true }, server)).toBe(true);
  expect(isAllowed({ allow: ['*'] }, server)).toBe(true);
  expect(isAllowed({ allow: ['*'], allow_ip_literals: 'false' }, server)).toBe(true);
});

test('a name that only looks like an IP literal is none', () => {
  expect(isAllowed({ allow: ['*'], allow_ip_literals: false }, '1.2.3.4.example.org')).toBe(true);
});
