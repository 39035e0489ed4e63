import { createHash } from 'node:crypto';

import type { Context } from 'hono';
import { html, raw } from 'hono/html';

export type Html = ReturnType<typeof html>;

const STYLE = `:root{color-scheme:light dark;font:1.05rem/1.5 system-ui,sans-serif}
body{max-width:30rem;margin:3rem auto;padding:0 1rem}
label,input,button{display:block;font:inherit}
input{box-sizing:border-box;width:100%;padding:.5rem;margin:.2rem 0 1rem;border:1px solid #767676;border-radius:.3rem}
button{padding:.5rem 1.2rem;margin:.4rem 0;border:1px solid #1a56b0;border-radius:.3rem;background:#1a56b0;color:#fff}
button.other{background:none;color:inherit;border-color:#767676}
:focus-visible{outline:3px solid #e08a00;outline-offset:2px}
[role=alert],[role=status]{border-left:.3rem solid #c62828;padding-left:.7rem}
[role=status]{border-color:#2e7d32}
h2{margin-top:2rem;font-size:1.2rem}
.choice input{display:inline;width:auto;margin:0 .4rem 1rem 0}
[hidden]{display:none}
ul{padding-left:1.2rem;overflow-wrap:anywhere}`;

/** In one piece: the hash is of every character between the tags. */
const STYLE_ELEMENT = raw(`<style>${STYLE}</style>`);
const STYLE_HASH = createHash('sha256').update(STYLE).digest('base64');

/**
 * A page of the server: it needs no script and may run none. All text is escaped by the template.
 * @param more.formTarget a source that a form's answer may redirect to, besides this server.
 */
export function page(
  c: Context,
  title: string,
  body: Html,
  { status = 200, formTarget = '' }: { readonly status?: number; readonly formTarget?: string } = {},
): Response | Promise<Response> {
  c.header(
    'Content-Security-Policy',
    `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; form-action 'self'${formTarget === '' ? '' : ` ${formTarget}`}; base-uri 'none'; frame-ancestors 'none'`,
  );
  c.header('X-Content-Type-Options', 'nosniff');
  c.header('X-Frame-Options', 'DENY');
  c.header('Referrer-Policy', 'no-referrer');
  c.header('Cache-Control', 'no-store');
  return c.html(
    html`<!doctype html>
      <html lang="en">
        <head>
          <meta charset="utf-8" />
          <meta name="viewport" content="width=device-width, initial-scale=1" />
          <title>${title}</title>
          ${STYLE_ELEMENT}
        </head>
        <body>
          <main>
            <h1>${title}</h1>
            ${body}
          </main>
        </body>
      </html>`,
    status as 200,
  );
}

export const alert = (message: string | undefined): Html | string =>
  message === undefined ? '' : html`<p role="alert">${message}</p>`;
