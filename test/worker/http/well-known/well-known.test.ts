import { expect, test } from 'vitest';

import type { ServerName } from '../../../../src/matrix/ids/brands.ts';
import { anAdministrator, ask as askWorker } from '../../../support/worker/ask.ts';
import { wellKnownRoutes } from '../../../../src/http/well-known/router.ts';

const nobody = { page: '', matrixId: '', emailAddress: '' };

const ask = (isDeployment: boolean, url: string, headers: Record<string, string> = {}) =>
  wellKnownRoutes('hs.example.org' as ServerName, isDeployment, async () => nobody).request(url, { headers });

test('a deployment sends other servers to port 443', async () => {
  const response = await ask(true, 'https://hs.example.org/.well-known/matrix/server');
  expect(await response.json()).toEqual({ 'm.server': 'hs.example.org:443' });
  expect(response.headers.get('content-type')).toContain('application/json');
});

test('clients are sent to the address that they asked', async () => {
  const response = await ask(true, 'https://hs.example.org/.well-known/matrix/client');
  expect(await response.json()).toEqual({ 'm.homeserver': { base_url: 'https://hs.example.org' } });
  expect(response.headers.get('access-control-allow-origin')).toBe('*');
});

test('embedded, the scheme is the one that the front was asked with', async () => {
  const url = 'http://localhost:8008/.well-known/matrix/client';
  const tls = await ask(false, url, { 'eyrie-client-scheme': 'https' });
  expect(await tls.json()).toEqual({ 'm.homeserver': { base_url: 'https://localhost:8008' } });
  const plain = await ask(false, url);
  expect(await plain.json()).toEqual({ 'm.homeserver': { base_url: 'http://localhost:8008' } });
});

test('whoever opens the address in a browser reads what it is, as plain text and out of frames', async () => {
  const response = await ask(false, 'http://localhost:8008/', { 'eyrie-client-scheme': 'https' });
  expect(await response.text()).toBe(
    'This is the Matrix homeserver of hs.example.org (Eyrie). Matrix clients connect to https://localhost:8008\n',
  );
  expect(Object.fromEntries(response.headers)).toMatchObject({
    'content-type': 'text/plain; charset=UTF-8',
    'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
    'x-content-type-options': 'nosniff',
  });
});

test('whom users turn to is told as far as the administrators say it, and is not found while they say nothing', async () => {
  const { token } = await anAdministrator();
  const path = '/.well-known/matrix/support';
  const set = async (settings: Record<string, string>) =>
    (await askWorker('PUT', '/_eyrie/admin/v1/settings', { token, body: { settings } })).status;
  expect(await askWorker('GET', path)).toMatchObject({ status: 404, body: { errcode: 'M_NOT_FOUND' } });
  expect(await set({ 'support.email': 'help@example.org' })).toBe(200);
  expect((await askWorker('GET', path)).body).toEqual({
    contacts: [{ email_address: 'help@example.org', role: 'm.role.admin' }],
  });
  expect(await set({ 'support.email': '', 'support.page': 'https://example.org/help' })).toBe(200);
  expect((await askWorker('GET', path)).body).toEqual({ support_page: 'https://example.org/help' });
  expect(await set({ 'support.page': 'javascript:alert(1)' })).toBe(400);
  expect(await set({ 'support.matrix_id': 'admin' })).toBe(400);
  expect(await set({ 'support.page': '' })).toBe(200);
});
