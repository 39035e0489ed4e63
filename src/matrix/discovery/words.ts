/** Longer ones are compared by their beginning. */
const MAX_WORD = 64;

const SEGMENTER = new Intl.Segmenter('en', { granularity: 'word' });
/** What separates words in ASCII, and within what Unicode calls one word (`can't`, `foo_bar`). */
const SEPARATORS = /[^a-z0-9\u0080-\uffff]+/;
const IS_ASCII = /^[ -~\s]*$/;

/** Text as words are compared: no differences of case, of accents, or of how a letter is composed. */
function folded(text: string): string {
  return text
    .toWellFormed()
    .normalize('NFKD')
    .replaceAll(/[\u0300-\u036f]/g, '')
    .normalize('NFC')
    .toLowerCase();
}

/**
 * The words of a text, folded, in their order. Languages without spaces are cut by the dictionaries of ICU; what is no
 * word (punctuation, emoji) is left out. Each holds letters and digits alone. Source: UAX #29, "Word Boundaries".
 */
export function wordsOf(text: string): readonly string[] {
  const plain = folded(text);
  return segmentsOf(plain)
    .flatMap((segment) => segment.split(SEPARATORS))
    .filter((word) => word !== '')
    .map((word) => word.slice(0, MAX_WORD).toWellFormed());
}

function segmentsOf(plain: string): readonly string[] {
  if (IS_ASCII.test(plain)) return [plain];
  return Array.from(SEGMENTER.segment(plain)).flatMap(({ segment, isWordLike }) =>
    isWordLike === true ? [segment] : [],
  );
}

/** Whether a sought word stands for all that begin with it: not a single letter, which would mean nearly everything. */
export function isBeginning(sought: string): boolean {
  return sought.length > 1 || sought > '\u007f';
}

/** Whether a word of a text is what is sought. */
export function isSought(sought: string, word: string): boolean {
  return isBeginning(sought) ? word.startsWith(sought) : word === sought;
}

/** Words of a text as they are written there, lower case, of which a part is sought: what a client highlights. */
export function writtenWords(text: string, sought: readonly string[]): readonly string[] {
  return Array.from(SEGMENTER.segment(text.toWellFormed()))
    .filter(({ isWordLike }) => isWordLike === true)
    .map(({ segment }) => segment.toLowerCase())
    .filter((written) => wordsOf(written).some((word) => sought.some((one) => isSought(one, word))));
}
