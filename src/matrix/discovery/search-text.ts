/** Text as searches compare it: without differences of case, or of how a letter is composed. */
export function searchable(text: string): string {
  return text.toWellFormed().normalize('NFKC').toLowerCase();
}
