import { existsSync, readFileSync } from 'node:fs';

export interface Count {
  passed: number;
  failed: number;
}

/** What is read of a file by vitest's JSON reporter. */
interface VitestReport {
  testResults: readonly {
    name: string;
    status: 'passed' | 'failed';
    assertionResults: readonly { status: string }[];
  }[];
}

/**
 * Counts the test cases of one vitest run. A file that failed as a whole, a run without any test, a run that wrote no
 * report and a run that failed although no test did (an unhandled error, a time limit) count one failed each.
 * @param path the report, which may not exist. @param succeeded whether the run ended with exit code 0.
 */
export const countVitestReport = (path: string, succeeded: boolean): Count => {
  const count: Count = { passed: 0, failed: 0 };
  if (existsSync(path)) {
    const { testResults } = JSON.parse(readFileSync(path, 'utf8')) as VitestReport;
    for (const { status, assertionResults } of testResults) {
      const failed = assertionResults.filter((result) => result.status === 'failed').length;
      count.passed += assertionResults.filter((result) => result.status === 'passed').length;
      count.failed += failed === 0 && status === 'failed' ? 1 : failed;
    }
  }
  if (count.failed === 0 && (!succeeded || count.passed === 0)) count.failed = 1;
  return count;
};
