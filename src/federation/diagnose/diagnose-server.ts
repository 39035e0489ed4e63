import { policyRefusal } from '../policy.ts';
import { CONNECTION_STEPS, connectionSteps } from './connection-steps.ts';
import { FINDING_STEPS, findingSteps } from './finding-steps.ts';
import { KEY_STEPS, keySteps } from './key-steps.ts';
import { PEER_STEPS, peerSteps, queueStep, type Dry } from './peer-steps.ts';
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
    const settings = await deps.policy();
    const refusal = isOwn ? undefined : policyRefusal(settings, server);
    if (!settings.enabled) {
      return failed(
        'federation is switched off: nothing is sent to other servers or taken of them',
        'Set federation.enabled.',
      );
    }
    if (refusal === undefined) return ok(isOwn ? 'our own name' : 'allowed');
    return failed('the server is not in the allow list', 'Add it to federation.allow_list, or empty that.');
  });
  // Our own name, keys and version are told whatever the settings say.
  const isAsked = policy === 'ok' || isOwn;
  const answers = await reach(deps, steps, dry, isAsked ? undefined : 'It is not asked, since the settings forbid it.');
  if (isOwn) steps.skipAll(PEER_STEPS, 'Another server has to be asked: name one (peer).');
  else if (answers) await peerSteps(deps, steps, dry);
  else steps.skipAll(PEER_STEPS, isAsked ? 'It was not reached.' : 'It is not asked, since the settings forbid it.');
  if (!isOwn) await queueStep(deps, steps, server);
  return steps.all;
}

/** @param forbidden why nothing of it is looked at. @returns whether it answers. */
async function reach(
  deps: DiagnoseDeps,
  steps: Steps,
  { server }: Dry,
  forbidden: string | undefined,
): Promise<boolean> {
  const place = forbidden === undefined ? await findingSteps(deps, steps, server) : undefined;
  if (forbidden !== undefined) steps.skipAll(FINDING_STEPS, forbidden);
  if (place === undefined) {
    steps.skipAll(CONNECTION_STEPS, forbidden ?? 'It is not known where to connect to.');
    steps.skipAll(KEY_STEPS, forbidden ?? 'It is not known where to ask.');
    return false;
  }
  if (!(await connectionSteps(deps, steps, server, place))) {
    steps.skipAll(KEY_STEPS, 'It does not answer.');
    return false;
  }
  await keySteps(deps, steps, server);
  return true;
}
