import { spawnSync } from 'node:child_process';

/** Installs packages of Debian, as root. @throws if that fails; what it said has been shown. */
export function installDebianPackages(...packages: string[]): void {
  run('apt-get', ['update', '-qq']);
  run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages]);
}

/** Whether a command is there and ends well. */
export function runs(command: string, args: string[]): boolean {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0;
}

/** Runs a command, showing its errors and, where it `tells` them on its standard output, those too. @throws if it fails. */
export function run(command: string, args: string[], options: { cwd?: string; tells?: boolean } = {}): void {
  const { status, error } = spawnSync(command, args, {
    stdio: ['ignore', options.tells === true ? 'inherit' : 'ignore', 'inherit'],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed: ${error?.message ?? `exit code ${status}`}`);
}
