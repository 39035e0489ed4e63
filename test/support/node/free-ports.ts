import { createServer } from 'node:net';

/** Below the ports that Linux gives to outgoing connections, one of which may take a port before its server does. */
const FIRST = 10_000;
/** Each process takes its ports from a slice of its own: those of another are not to be handed out twice. */
const SLICES = 100;
const PORTS_IN_SLICE = 220;

const slice = FIRST + (process.pid % SLICES) * PORTS_IN_SLICE;
let next = 0;

/** Ports of 127.0.0.1 that nothing listens on at the moment. */
export async function freePorts(count: number): Promise<number[]> {
  const ports: number[] = [];
  while (ports.length < count) ports.push(...(await freeNeighbours(1)));
  return ports;
}

/** As `freePorts`, each the one after that before it. */
export async function freeNeighbours(count: number): Promise<number[]> {
  for (let tried = 0; tried < PORTS_IN_SLICE; tried += 1) {
    if (next + count > PORTS_IN_SLICE) next = 0;
    const ports = Array.from({ length: count }, (_, index) => slice + next + index);
    next += count; // before anybody else of this process looks
    const areFree = await Promise.all(ports.map(isFree));
    if (areFree.every(Boolean)) return ports;
  }
  throw new Error(`of the ports from ${slice} on none are free`);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
