/** How a run was asked for. */
export interface RunOptions {
  /** fewer and shorter repetitions: to try, not to report */
  readonly quick: boolean;
  /** how long a repetition of a workload that is defined by its time lasts; undefined: as long as is defined */
  readonly seconds: number | undefined;
  /** how often W1, W4, W5, W7, W8, W10-LIVE, W11b and W11c measure; undefined: as often as is defined */
  readonly repetitions: number | undefined;
  /** how many members the room of W5 and W10-LIVE and the larger one of W1 has; undefined: as many as are defined */
  readonly members: number | undefined;
  /** how many transactions a repetition of W4 has; undefined: as many as are defined */
  readonly transactions: number | undefined;
  /** how many messages the room of W11c has, and that of W11a from before the join and after it, and that of W12-DISK; undefined: as many as are defined */
  readonly events: number | undefined;
  /** how many rooms W7, W11b and W12-DISK have; undefined: as many as are defined */
  readonly rooms: number | undefined;
  /** the directory of another checkout of the project, built, whose server is measured beside this one's */
  readonly baseline: string | undefined;
}

/** What a workload has to say, in Markdown. */
export interface Section {
  readonly title: string;
  readonly lines: readonly string[];
}

/** Shows how far a run is. */
export type Progress = (line: string) => void;

export interface Workload {
  /** Runs to its end. @throws where the answers are wrong: a fast wrong server scores nothing. */
  run(options: RunOptions, progress: Progress): Promise<Section>;
}

export const verdict = (isMet: boolean): string => (isMet ? 'met' : 'missed');

/** Lines as they are, in Markdown. */
export const code = (lines: readonly string[]): string[] => ['```text', ...lines, '```'];

/** @returns a table in Markdown. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)];
}
