import { decodeHTML } from 'entities';

/** What a page says of itself. */
export interface PageSummary {
  /** `og:…` fields without those about pictures. */
  readonly fields: Readonly<Record<string, string>>;
  /** Absolute; `undefined`: the page names none. */
  readonly imageUrl: string | undefined;
}

const MAX_FIELDS = 16;
/** Of a name and of a value, in UTF-16 units. */
const MAX_NAME = 100;
const MAX_VALUE = 500;

/** What stands in for an OpenGraph field that a page lacks, the best last. */
const STAND_INS: ReadonlyMap<string, string> = new Map([
  ['twitter:title', 'og:title'],
  ['description', 'og:description'],
  ['twitter:description', 'og:description'],
  ['twitter:image', 'og:image'],
  ['twitter:image:src', 'og:image'],
]);

/**
 * Reads the OpenGraph fields of an HTML page, and what pages without them say in other ways. Nothing of the page is run
 * or kept. Source: The Open Graph protocol, "Basic Metadata"; HTML, "Standard metadata names".
 */
export async function readPage(html: string, base: URL): Promise<PageSummary> {
  const said = new Map<string, string>();
  const standIns = new Map<string, string>();
  let title = '';
  let baseUrl = base;
  const rewriter = new HTMLRewriter()
    .on('base[href]', {
      element: (element) => {
        baseUrl = URL.parse(decodeHTML(element.getAttribute('href') ?? ''), base.href) ?? baseUrl;
      },
    })
    .on('meta', {
      element: (element) => {
        const name = element.getAttribute('property') ?? element.getAttribute('name');
        const value = text(element.getAttribute('content') ?? '');
        if (name !== null && value !== '') note(name.trim().toLowerCase(), value, said, standIns);
      },
    })
    .on('title', {
      text: (chunk) => {
        if (title.length < MAX_VALUE) title += chunk.text;
      },
    });
  // Only what is read through is seen.
  await rewriter.transform(new Response(html)).arrayBuffer();
  const fields = new Map([...standIns, ...said]);
  if (!fields.has('og:title') && text(title) !== '') fields.set('og:title', text(title));
  const image = fields.get('og:image:secure_url') ?? fields.get('og:image:url') ?? fields.get('og:image');
  return {
    fields: Object.fromEntries([...fields].filter(([name]) => !name.startsWith('og:image'))),
    imageUrl: image === undefined ? undefined : URL.parse(image, baseUrl.href)?.href,
  };
}

/** The first of a field counts, as the protocol has it for pictures. */
function note(name: string, value: string, said: Map<string, string>, standIns: Map<string, string>): void {
  const field = STAND_INS.get(name);
  if (field !== undefined) standIns.set(field, value);
  else if (name.startsWith('og:') && name.length <= MAX_NAME && said.size < MAX_FIELDS && !said.has(name)) {
    said.set(name, value);
  }
}

const text = (written: string) => decodeHTML(written).replaceAll(/\s+/g, ' ').trim().slice(0, MAX_VALUE).toWellFormed();
