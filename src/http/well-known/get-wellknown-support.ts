// GET /.well-known/matrix/support (Client-Server API, "Server Administration")
import { Hono } from 'hono';
import { cors } from 'hono/cors';

import { notFound } from '../../matrix/error.ts';

/** Whom users turn to; what is empty is not told. */
export interface Support {
  readonly page: string;
  readonly matrixId: string;
  readonly emailAddress: string;
}

export const getWellknownSupport = (support: () => Promise<Support>) =>
  new Hono().get('/.well-known/matrix/support', cors({ origin: '*' }), async (c) => {
    const { page, matrixId, emailAddress } = await support();
    const contact = {
      ...(matrixId === '' ? {} : { matrix_id: matrixId }),
      ...(emailAddress === '' ? {} : { email_address: emailAddress }),
    };
    const hasContact = matrixId !== '' || emailAddress !== '';
    if (!hasContact && page === '') throw notFound('The administrators of this server name no contact');
    return c.json({
      ...(hasContact ? { contacts: [{ ...contact, role: 'm.role.admin' }] } : {}),
      ...(page === '' ? {} : { support_page: page }),
    });
  });
