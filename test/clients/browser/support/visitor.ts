import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

import { type Browser, chromium, type Locator, type Page } from 'playwright-core';

import { until } from '../../../support/node/until.ts';

const screenshots = process.env['EYRIE_SCREENSHOTS'];
const PATIENCE_MS = 20_000;

/** Debian's chromium, without a window. */
export function launchBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-dev-shm-usage'] });
}

/** A user at the page, in a browser profile of their own. */
export class Visitor {
  readonly page: Page;
  readonly #complaints: string[] = [];

  constructor(page: Page) {
    this.page = page;
    page.setDefaultTimeout(PATIENCE_MS);
    page.on('pageerror', (error) => this.#complaints.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error' && /CORS|Access-Control/.test(message.text()))
        this.#complaints.push(message.text());
    });
  }

  static async arrive(browser: Browser, url: string): Promise<Visitor> {
    const context = await browser.newContext({ viewport: { width: 1000, height: 640 } });
    const visitor = new Visitor(await context.newPage());
    await visitor.page.goto(url);
    return visitor;
  }

  async logIn(server: string, user: string, password: string): Promise<void> {
    await this.page.getByLabel('Server').fill(server);
    await this.page.getByLabel('User').fill(user);
    await this.page.getByLabel('Password').fill(password);
    await this.page.getByRole('button', { name: 'Log in' }).click();
  }

  /** Waits until the client follows the server. */
  async isSyncing(): Promise<void> {
    await this.page.locator('#state', { hasText: 'syncing' }).waitFor();
  }

  async openRoom(name: string): Promise<void> {
    await this.page.locator('#rooms').getByText(name, { exact: true }).click();
    await this.page.getByRole('heading', { name }).waitFor();
  }

  async say(text: string): Promise<void> {
    await this.page.getByLabel('Message', { exact: true }).fill(text);
    await this.page.getByRole('button', { name: 'Send' }).click();
  }

  /** The message with this text, when it is shown. */
  async message(text: string): Promise<Locator> {
    const found = this.page.locator('#timeline li', { has: this.page.locator('.body', { hasText: text }) });
    await found.waitFor();
    return found;
  }

  /** Waits until a picture is drawn. */
  async sees(picture: string): Promise<void> {
    const image = this.page.getByRole('img', { name: picture, exact: true });
    await image.waitFor();
    await until(`${picture} to be drawn`, () =>
      image.evaluate((shown) => (shown as HTMLImageElement).naturalWidth > 0),
    );
  }

  /** Keeps what the page looks like, where that was asked for. */
  async look(name: string): Promise<void> {
    if (screenshots === undefined) return;
    mkdirSync(screenshots, { recursive: true });
    await this.page.screenshot({ path: join(screenshots, `${name}.png`) });
  }

  /** Errors that nothing caught, requests that the browser refused to make, and what the page tells the user went wrong. */
  async troubles(): Promise<string[]> {
    return [...this.#complaints, ...(await this.page.locator('#problem').allTextContents())].filter(
      (text) => text !== '',
    );
  }

  async leave(): Promise<void> {
    await this.page.context().close();
  }
}
