/** Works on each site as often as asked, in ABBA order: each repetition turns the order of the one before around. */
export async function inTurns<T>(
  repetitions: number,
  sites: readonly T[],
  work: (site: T) => Promise<void>,
): Promise<void> {
  for (let repetition = 0; repetition < repetitions; repetition += 1) {
    for (const site of repetition % 2 === 0 ? sites : sites.toReversed()) await work(site);
  }
}
