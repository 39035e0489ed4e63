import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { type EyrieServer, startEyrie } from '../../support/node/eyrie-server.ts';
import { MatrixClient } from '../../support/node/matrix-client.ts';
import { launchBrowser, Visitor } from './support/visitor.ts';

const PASSWORD = 'correct horse battery';

let server: EyrieServer;
let browser: Browser;

beforeAll(async () => {
  [server, browser] = await Promise.all([startEyrie(), launchBrowser()]);
});
afterAll(async () => {
  await Promise.all([browser.close(), server.remove()]);
});

test('somebody signs in, changes name and password, ends a session and closes the account, by labels alone', async () => {
  const user = await new MatrixClient(server.clientUrl).register('robin', PASSWORD);
  const visitor = await Visitor.arrive(browser, `${server.clientUrl}/_eyrie/account`);
  const { page } = visitor;
  const refused: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error') refused.push(message.text());
  });
  const press = (name: string) => page.getByRole('button', { name }).click();
  await page.getByLabel('User name').fill('robin');
  await page.getByLabel('Password').fill(PASSWORD);
  await visitor.look('account-sign-in');
  await press('Sign in');
  await page.getByRole('heading', { name: 'Your account' }).waitFor();
  await page.getByLabel('Name that others see').fill('Robin');
  await press('Save the name');
  await page.getByRole('status').waitFor();
  expect(await page.getByLabel('Name that others see').inputValue()).toBe('Robin');
  await visitor.look('account');
  await page.getByLabel('Present password').fill(PASSWORD);
  await page.getByLabel('New password', { exact: true }).fill('another one');
  await page.getByLabel('New password once more').fill('yet another');
  await press('Change the password');
  await page.getByRole('alert').waitFor();
  await visitor.look('account-alert');
  // The server says 400 to that, which the browser notes; nothing else may be noted.
  expect(refused.splice(0).filter((text) => !text.includes('400'))).toEqual([]);
  await page.getByLabel('Present password').fill(PASSWORD);
  await page.getByLabel('New password', { exact: true }).fill('another one');
  await page.getByLabel('New password once more').fill('another one');
  await press('Change the password');
  await page.getByText('The password was changed').waitFor();
  await press(`Sign out ${user.deviceId}`);
  await page.getByText('There is no such session').waitFor();
  await page.getByRole('link', { name: 'Close this account for ever' }).click();
  await page.getByText('This cannot be taken back').waitFor();
  await visitor.look('account-closing');
  await page.getByLabel('Password').fill('another one');
  await press('Close the account for ever');
  await page.getByRole('heading', { name: 'The account is closed' }).waitFor();
  await expect(new MatrixClient(server.clientUrl).login('robin', 'another one')).rejects.toThrow();
  expect(refused).toEqual([]);
  await visitor.leave();
});
