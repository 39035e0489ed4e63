import { preparePduChecks } from './pdu-checks.ts';
import type { PduChecks } from './pdu-checks.ts';

let checks: PduChecks | undefined;

// The clock of a Worker stands still while it computes: the caller measures the time of each request.
export default {
  async fetch(request: Request): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname === '/prepare') {
      checks = preparePduChecks(Number(searchParams.get('count')));
      return new Response('0');
    }
    if (checks === undefined) return new Response('not prepared', { status: 409 });
    switch (pathname) {
      case '/check':
        return new Response(String(checks.check()));
      case '/canonical':
        return new Response(String(checks.canonical()));
      case '/verify':
        return new Response(String(checks.verify()));
      default:
        return new Response('no such part', { status: 404 });
    }
  },
};
