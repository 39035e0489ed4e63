/** The value below which a share of the values lies, by nearest rank; NaN of none. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

export function median(values: readonly number[]): number {
  return percentile(values, 0.5);
}

/** The median of repetitions with the least and the most of them, for a table. */
export function withSpread(values: readonly number[], digits = 1): string {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  return `${median(values).toFixed(digits)} (${least.toFixed(digits)} – ${most.toFixed(digits)})`;
}

/** For a table: how many times as much the first is as the second. */
export function ratio(first: number, second: number): string {
  return `${(first / second).toFixed(1)} x`;
}
