import { createServer, type Server } from 'node:net';

/** Ports of 127.0.0.1 that nothing listens on at the moment. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(Array.from({ length: count }, () => open(0)));
  return closeAll(servers);
}

/** As `freePorts`, the first of them chosen freely and each other the next one. */
export async function freeNeighbours(count: number): Promise<number[]> {
  const servers = [await open(0)];
  try {
    const [first = 0] = servers.map(portOf);
    while (servers.length < count) servers.push(await open(first + servers.length));
  } catch {
    await closeAll(servers);
    return freeNeighbours(count); // one of them was taken: from another port on
  }
  return closeAll(servers);
}

function open(port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve(server));
  });
}

async function closeAll(servers: Server[]): Promise<number[]> {
  const ports = servers.map(portOf);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('a TCP server has a port');
  return address.port;
}
