const ONE = '?';

/**
 * Whether a glob matches some part of a text that starts and ends at a word boundary: the start or end of the text, or
 * a place beside a character that is not of `[A-Za-z0-9_]`. Case is ignored. Source: Client-Server API, "Push Rules",
 * `event_match` on `content.body`.
 */
export function wordsMatchGlob(glob: string, text: string): boolean {
  const lower = text.toLowerCase();
  const pieces = glob.toLowerCase().split(/\*+/);
  let from = 0;
  // Of each piece between stars the first place will do: what follows may stand anywhere behind it.
  for (const [index, piece] of pieces.entries()) {
    const end = findPiece(lower, piece, { from, mustStart: index === 0, mustEnd: index === pieces.length - 1 });
    if (end === undefined) return false;
    from = end;
  }
  return true;
}

/** @returns where the first part of the text from `from` on ends that a piece without stars matches. */
function findPiece(
  text: string,
  piece: string,
  { from, mustStart, mustEnd }: { readonly from: number; readonly mustStart: boolean; readonly mustEnd: boolean },
): number | undefined {
  const ones = piece.indexOf(ONE);
  const literal = ones < 0 ? piece : piece.slice(0, ones);
  for (let at = text.indexOf(literal, from); at >= 0 && at <= text.length; at = text.indexOf(literal, at + 1)) {
    const end = mustStart && !isBoundary(text, at) ? undefined : endOfPiece(text, piece, at);
    if (end !== undefined && (!mustEnd || isBoundary(text, end))) return end;
    // The search for nothing at the end of a text finds it there for ever.
    if (at === text.length) return undefined;
  }
  return undefined;
}

function endOfPiece(text: string, piece: string, start: number): number | undefined {
  let at = start;
  for (let p = 0; p < piece.length; p += 1) {
    if (at >= text.length) return undefined;
    if (piece.charAt(p) === ONE) at += (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1;
    else if (piece.charCodeAt(p) === text.charCodeAt(at)) at += 1;
    else return undefined;
  }
  return at;
}

function isBoundary(text: string, at: number): boolean {
  return at === 0 || at === text.length || !isWordCharacter(text, at - 1) || !isWordCharacter(text, at);
}

function isWordCharacter(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  const isDigit = code >= 0x30 && code <= 0x39;
  return isDigit || (code >= 0x41 && code <= 0x5a) || (code >= 0x61 && code <= 0x7a) || code === 0x5f;
}
