interface CallFrame {
  readonly functionName: string;
  readonly url: string;
  readonly lineNumber: number;
}

interface CpuProfile {
  readonly nodes: readonly { readonly id: number; readonly callFrame: CallFrame }[];
  readonly samples: readonly number[];
  /** microseconds between a sample and the one before */
  readonly timeDeltas: readonly number[];
}

const SAMPLE_US = 200;
const SHOWN = 25;
const WORKER = 'core:user:eyrie';

/** A recording of what a Worker's thread does, through workerd's inspector (the DevTools protocol). */
export class CpuRecording {
  readonly #socket: WebSocket;
  readonly #answers = new Map<number, (result: unknown) => void>();
  #asked = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.addEventListener('message', ({ data }) => {
      const { id, result } = JSON.parse(String(data)) as { id?: number; result?: unknown };
      if (id !== undefined) this.#answers.get(id)?.(result);
    });
  }

  static async start(port: number): Promise<CpuRecording> {
    const targets = (await (await fetch(`http://127.0.0.1:${port}/json`)).json()) as { id: string }[];
    if (!targets.some(({ id }) => id === WORKER)) {
      throw new Error(`no ${WORKER} among ${targets.map(({ id }) => id).join(', ')}`);
    }
    const socket = new WebSocket(`ws://127.0.0.1:${port}/${WORKER}`);
    await new Promise((resolve, reject) => {
      socket.addEventListener('open', resolve);
      socket.addEventListener('error', () => reject(new Error('the inspector does not answer')));
    });
    const recording = new CpuRecording(socket);
    await recording.#ask('Profiler.enable');
    await recording.#ask('Profiler.setSamplingInterval', { interval: SAMPLE_US });
    await recording.#ask('Profiler.start');
    return recording;
  }

  /** Ends it. @returns the functions that took most time themselves, with their shares of the time not idle. */
  async stop(): Promise<string[]> {
    const { profile } = (await this.#ask('Profiler.stop')) as { profile: CpuProfile };
    this.#socket.close();
    return summary(profile);
  }

  #ask(method: string, params: object = {}): Promise<unknown> {
    this.#asked += 1;
    const id = this.#asked;
    return new Promise((resolve) => {
      this.#answers.set(id, resolve);
      this.#socket.send(JSON.stringify({ id, method, params }));
    });
  }
}

function summary({ nodes, samples, timeDeltas }: CpuProfile): string[] {
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]));
  const selfUs = new Map<string, number>();
  samples.forEach((id, index) => {
    const frame = frames.get(id);
    if (frame === undefined || frame.functionName === '(idle)') return;
    const name = nameOf(frame);
    selfUs.set(name, (selfUs.get(name) ?? 0) + (timeDeltas[index] ?? 0));
  });
  const total = [...selfUs.values()].reduce((sum, us) => sum + us, 0);
  return [...selfUs]
    .toSorted(([, a], [, b]) => b - a)
    .slice(0, SHOWN)
    .map(([name, us]) => `${((100 * us) / total).toFixed(1).padStart(5)} %  ${name}`);
}

function nameOf({ functionName, url, lineNumber }: CallFrame): string {
  const name = functionName === '' ? '(anonymous)' : functionName;
  return url === '' || functionName === '(program)' ? name : `${name} (line ${lineNumber + 1} of the bundle)`;
}
