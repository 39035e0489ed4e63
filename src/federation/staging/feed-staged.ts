import { MatrixError } from '../../matrix/error.ts';
import type { RoomId, ServerName } from '../../matrix/ids/brands.ts';
import { receiveAgain, type AgainDeps } from '../receive/receive-again.ts';
import type { StagedPdu } from './ports.ts';
import type { Fed } from './staging.ts';

/**
 * Receives staged PDUs in their room, whose ACL says by the state of that moment whether it hears the server: when they
 * came, it could not be asked.
 */
export async function feedStaged(
  deps: AgainDeps,
  call: { readonly server: ServerName; readonly roomId: RoomId; readonly pdus: readonly StagedPdu[] },
  background: (work: Promise<void>) => void,
): Promise<Fed> {
  let fed: Fed = 'taken';
  const onNotTaken = async (_room: unknown, _pdus: unknown, error: unknown) => {
    fed = isBusy(error) ? 'busy' : 'failed';
  };
  try {
    await receiveAgain({ ...deps, onNotTaken }, call, background);
    return fed;
  } catch {
    // The checks could not be made: that is not the room's fault.
    return 'busy';
  }
}

/** Refused before the room began. */
const isBusy = (error: unknown): boolean => error instanceof MatrixError && error.status === 503;
