const ANY = 0x2a;
const ONE = 0x3f;

/**
 * Whether a text, as a whole, matches a glob: `*` stands for any number of characters, none included, `?` for exactly
 * one. Case-sensitive. In time linear in both for each `*`, whatever the glob. Source: Appendices, "Glob-style matching".
 */
export function matchesGlob(glob: string, text: string): boolean {
  let at = 0;
  let g = 0;
  /** Behind the last `*`, and how much of the text it stands for so far ends here. */
  let afterAny = -1;
  let anyEnd = 0;
  while (at < text.length) {
    const code = g < glob.length ? glob.charCodeAt(g) : undefined;
    if (code === ANY) {
      g += 1;
      afterAny = g;
      anyEnd = at;
    } else if (code === ONE || code === text.charCodeAt(at)) {
      g += 1;
      at += code === ONE && (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1;
    } else if (afterAny >= 0) {
      anyEnd += 1;
      at = anyEnd;
      g = afterAny;
    } else return false;
  }
  while (g < glob.length && glob.charCodeAt(g) === ANY) g += 1;
  return g === glob.length;
}
