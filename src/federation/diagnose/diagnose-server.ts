import { policyRefusal } from '../policy.ts';
import { connectionSteps } from './connection-steps.ts';
import { findingSteps } from './finding-steps.ts';
import { keySteps } from './key-steps.ts';
import { PEER_STEPS, peerSteps, type Dry } from './peer-steps.ts';
import type { DiagnoseDeps } from './ports.ts';
import { failed, ok, Steps, type Step } from './step.ts';

/**
 * Walks the way to a server, our own too, step by step: each says what was seen, what was expected, and what to do. What
 * rests on a step that failed is not exercised. Nothing that is found is kept, and nothing changes on either side.
 */
export async function diagnoseServer(deps: DiagnoseDeps, dry: Dry): Promise<readonly Step[]> {
  const { server } = dry;
  const steps = new Steps(deps.now);
  const isOwn = server === deps.serverName;
  const policy = await steps.take('policy', 'federation is on, and the server is allowed', async () => {
    const refusal = isOwn ? undefined : policyRefusal(await deps.policy(), server);
    if (refusal === undefined) return ok(isOwn ? 'our own name' : 'allowed');
    return refusal.kind === 'federation-off'
      ? failed('federation is switched off', 'Set federation.enabled.')
      : failed('the server is not in the allow list', 'Add it to federation.allow_list, or empty that.');
  });
  const answers = policy === 'ok' && (await reach(deps, steps, dry));
  if (isOwn) skipPeer(steps, 'Another server has to be asked: name one (peer).');
  else if (answers) await peerSteps(deps, steps, dry);
  else skipPeer(steps, 'It does not answer.');
  return steps.all;
}

async function reach(deps: DiagnoseDeps, steps: Steps, { server }: Dry): Promise<boolean> {
  const place = await findingSteps(deps, steps, server);
  if (place === undefined || !(await connectionSteps(deps, steps, server, place))) return false;
  await keySteps(deps, steps, server);
  return true;
}

function skipPeer(steps: Steps, why: string): void {
  for (const [name, expected] of Object.entries(PEER_STEPS)) steps.skip(name, expected, why);
}
