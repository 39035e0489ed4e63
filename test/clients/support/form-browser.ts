/** What a page showed, or where it sent the browser. */
export interface ShownPage {
  status: number;
  text: string;
  /** where the browser was sent to; undefined where a page was shown */
  location: string | undefined;
}

/** A browser without scripts: it keeps cookies, and fills in the forms of the page that it saw last. */
export class FormBrowser {
  readonly #cookies = new Map<string, string>();
  #url = '';
  #hidden: Record<string, string> = {};

  /** Opens a page, following nothing. */
  open(url: string): Promise<ShownPage> {
    this.#url = url;
    return this.#ask(url);
  }

  /** Sends the form of the page with what its fields hold, and shows the page again where that is what it answers. */
  async submit(fields: Record<string, string>): Promise<ShownPage> {
    const body = new URLSearchParams({ ...this.#hidden, ...fields });
    const answer = await this.#ask(this.#url, body);
    if (answer.location === undefined) return answer;
    const next = new URL(answer.location, this.#url);
    return next.origin === new URL(this.#url).origin ? this.open(next.href) : answer;
  }

  async #ask(url: string, body?: URLSearchParams): Promise<ShownPage> {
    const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const method = body === undefined ? 'GET' : 'POST';
    const response = await fetch(url, {
      method,
      redirect: 'manual',
      headers: { cookie },
      ...(body === undefined ? {} : { body }),
    });
    for (const set of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(set) ?? [];
      this.#cookies.set(name, value);
    }
    const text = await response.text();
    const hidden = [...text.matchAll(/<input type="hidden" name="(\w+)" value="([^"]*)"/g)];
    if (hidden.length > 0) this.#hidden = Object.fromEntries(hidden.map(([, name = '', value = '']) => [name, value]));
    return { status: response.status, text, location: response.headers.get('location') ?? undefined };
  }
}
