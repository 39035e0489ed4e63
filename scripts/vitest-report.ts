import { existsSync, readFileSync } from 'node:fs';
import { relative } from 'node:path';

export interface Count {
  passed: number;
  failed: number;
  /** What failed, by name, where that is known. */
  failures?: readonly string[];
}

/** What is read of a file by vitest's JSON reporter. */
interface VitestReport {
  testResults: readonly {
    name: string;
    status: 'passed' | 'failed';
    message: string;
    assertionResults: readonly { status: string; fullName: string; failureMessages: readonly string[] }[];
  }[];
}

/**
 * Counts the test cases of one vitest run. A file that failed as a whole, a run without any test, a run that wrote no
 * report and a run that failed although no test did (an unhandled error, a time limit) count one failed each.
 * @param path the report, which may not exist. @param succeeded whether the run ended with exit code 0.
 */
export const countVitestReport = (path: string, succeeded: boolean): Count => {
  const failures: string[] = [];
  let passed = 0;
  if (existsSync(path)) {
    const { testResults } = JSON.parse(readFileSync(path, 'utf8')) as VitestReport;
    for (const { name, status, message, assertionResults } of testResults) {
      const failed = assertionResults.filter((result) => result.status === 'failed');
      passed += assertionResults.filter((result) => result.status === 'passed').length;
      for (const { fullName, failureMessages } of failed)
        failures.push(`${relative('.', name)} > ${fullName}: ${firstLine(failureMessages[0])}`);
      if (failed.length === 0 && status === 'failed') failures.push(`${relative('.', name)}: ${firstLine(message)}`);
    }
  }
  if (failures.length === 0 && (!succeeded || passed === 0)) failures.push('the run as a whole');
  return { passed, failed: failures.length, failures };
};

const firstLine = (text: string | undefined): string => text?.split('\n', 1)[0] ?? '';
