import { MatrixRequestError } from '../../support/node/matrix-client.ts';

/** How a request was refused. @throws if it was not. */
export async function refusal(request: Promise<unknown>): Promise<{ status: number; errcode: string | undefined }> {
  try {
    await request;
  } catch (error) {
    if (error instanceof MatrixRequestError) return { status: error.status, errcode: error.errcode };
    throw error;
  }
  throw new Error('the request was not refused');
}
