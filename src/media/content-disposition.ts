const MAX_NAME = 255;
const PLAIN = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/;

/** A file name as it is kept: without control characters, and not for ever. `undefined` where nothing is left. */
export function acceptedFileName(claimed: string | undefined): string | undefined {
  const name = claimed?.toWellFormed().replaceAll(/\p{Cc}/gu, '');
  if (name === undefined || name === '') return undefined;
  return name.slice(0, MAX_NAME).toWellFormed();
}

/** The header. Source: RFC 6266; RFC 8187 for names that are not ASCII, beside a form for those who do not know it. */
export function contentDisposition(disposition: 'inline' | 'attachment', fileName: string | undefined): string {
  if (fileName === undefined) return disposition;
  if (PLAIN.test(fileName)) return `${disposition}; filename="${fileName}"`;
  const plain = fileName.replaceAll(/[^\x20\x21\x23-\x5b\x5d-\x7e]/g, '_');
  const encoded = encodeURIComponent(fileName).replaceAll(
    /['()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `${disposition}; filename="${plain}"; filename*=UTF-8''${encoded}`;
}

/** The file name of another server's header, if it gives one. */
export function fileNameIn(header: string | undefined): string | undefined {
  if (header === undefined) return undefined;
  return acceptedFileName(extendedName(header) ?? plainName(header));
}

function extendedName(header: string): string | undefined {
  const encoded = /;\s*filename\*\s*=\s*utf-8'[^']*'([^;\s]+)/i.exec(header)?.[1];
  if (encoded === undefined) return undefined;
  try {
    return decodeURIComponent(encoded);
  } catch {
    return undefined;
  }
}

function plainName(header: string): string | undefined {
  const [, quoted, token] = /;\s*filename\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;\s]+))/i.exec(header) ?? [];
  return quoted?.replaceAll(/\\(.)/g, '$1') ?? token;
}
