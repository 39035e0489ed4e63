import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..', '..', '..');
const launched = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of launched) child.kill('SIGKILL');
});

/** How a process ended. */
export interface ProcessEnd {
  code: number | null;
  signal: NodeJS.Signals | null;
}

export interface LaunchOptions {
  env?: Record<string, string>;
  /** `npm start` instead of the launcher itself */
  throughNpm?: boolean;
  /** the directory of another checkout of the project, which has been built; default: this one */
  checkout?: string;
}

/** The launcher, or the npm that runs it, with everything that it printed. */
export class EyrieProcess {
  readonly child: ChildProcess;
  readonly ended: Promise<ProcessEnd>;
  stdout = '';
  stderr = '';

  constructor(args: readonly string[], options: LaunchOptions = {}) {
    const env = { ...environment(), ...options.env };
    const cwd = options.checkout ?? root;
    const [command, before] =
      options.throughNpm === true
        ? ['npm', ['start', '--silent', '--']]
        : [process.execPath, [join(cwd, 'embedded', 'start.ts')]];
    this.child = spawn(command, [...before, ...args], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
    launched.add(this.child);
    this.child.stdout?.setEncoding('utf8').on('data', (text: string) => (this.stdout += text));
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.stderr += text));
    this.ended = new Promise((resolve, reject) => {
      this.child.once('error', reject);
      this.child.once('exit', (code, signal) => {
        launched.delete(this.child);
        resolve({ code, signal });
      });
    });
  }

  get pid(): number {
    if (this.child.pid === undefined) throw new Error('the process did not start');
    return this.child.pid;
  }

  get output(): string {
    return this.stdout + this.stderr;
  }

  /** Resolves when the server says that it is ready. @throws with its output if it ends before, or within 60 s. */
  ready(): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`Eyrie is not ready after 60 s:\n${this.output}`)), 60_000);
      const settle = (act: () => void): void => {
        clearTimeout(timer);
        this.child.stdout?.off('data', look);
        act();
      };
      const look = (): void => {
        if (/^Eyrie is ready/m.test(this.stdout)) settle(resolve);
      };
      this.child.stdout?.on('data', look);
      look();
      this.ended.then(
        (end) => settle(() => reject(new Error(`Eyrie ended (${JSON.stringify(end)}):\n${this.output}`))),
        (error: Error) => settle(() => reject(error)),
      );
    });
  }
}

/** Ours without its settings of Eyrie; the launcher ends with us, as it does with npm. */
function environment(): NodeJS.ProcessEnv {
  const ours = Object.entries(process.env).filter(([name]) => !name.startsWith('EYRIE_'));
  return { ...Object.fromEntries(ours), npm_lifecycle_event: 'test' };
}
