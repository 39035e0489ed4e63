/** One workload of the performance plan. */
export interface Workload {
  readonly title: string;
  /** Runs it to its end and tells what was measured, line by line. */
  run(report: (line: string) => void): Promise<void>;
}
