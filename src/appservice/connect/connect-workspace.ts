import { encodeBase64Url } from '../../matrix/crypto/base64.ts';
import { eyrieConflict, MatrixError } from '../../matrix/error.ts';
import type { UserId } from '../../matrix/ids/brands.ts';
import { putRegistration, type AdministerDeps } from '../administer.ts';
import type { Appservices } from '../appservices.ts';
import { ping } from '../asking/ping.ts';
import { hasUrl, type AskAppservice } from '../asking/ports.ts';
import { interestsOf } from '../interests.ts';
import type { Registration } from '../ports.ts';

/** Settings that suit a workspace, and what is otherwise now. */
export interface OfferedProfile {
  readonly changes: readonly object[];
  readonly fixed: readonly string[];
}

export interface ConnectDeps<Profile extends OfferedProfile = OfferedProfile> {
  readonly administer: AdministerDeps;
  readonly appservices: Pick<Appservices, 'byId'>;
  readonly ask: AskAppservice;
  readonly profile: {
    readonly offer: (keep: readonly string[]) => Promise<Profile>;
    /** All or none. Throws where that is refused. */
    readonly apply: (by: UserId, offered: Profile, dryRun: boolean) => Promise<void>;
  };
}

export interface ConnectInput {
  readonly id: string;
  /** `null`: it takes the stream. */
  readonly url: string | null;
  readonly senderLocalpart: string | undefined;
  /** Nobody else makes users on this server. */
  readonly exclusive: boolean;
  /** A registration that is there gets fresh tokens, and all that is said here. */
  readonly renew: boolean;
  readonly applyProfile: boolean;
  /** Settings of the profile that stay as they are. */
  readonly keep: readonly string[];
}

export type PingResult =
  | { readonly ok: true; readonly durationMs: number }
  | { readonly ok: false; readonly isReached: boolean; readonly errcode: string; readonly error: string };

export interface Connected<Profile> {
  readonly registration: Registration;
  readonly asToken: string;
  readonly hsToken: string;
  readonly sender: UserId;
  /** `undefined`: it has no URL. */
  readonly ping: PingResult | undefined;
  readonly profile: Profile;
  readonly isApplied: boolean;
  /** Why it was not, though that was wanted. */
  readonly refusal: string | undefined;
}

const TOKEN_BYTES = 32;

/**
 * All that a chat product needs to be connected: a registration for the users of this server with fresh tokens, a ping,
 * and the settings that suit it, offered or applied. What is refused is refused before anything is written.
 * Throws `EYRIE_CONFLICT` for an ID that is there, `M_INVALID_PARAM`, and what the settings throw.
 */
export async function connectWorkspace<Profile extends OfferedProfile>(
  deps: ConnectDeps<Profile>,
  by: UserId,
  input: ConnectInput,
): Promise<Connected<Profile>> {
  const { administer, profile } = deps;
  if (!input.renew && (await administer.store.find(input.id)) !== undefined) {
    throw eyrieConflict('There is an application service with that id: with "renew": true it gets fresh tokens');
  }
  const offered = await profile.offer(input.keep);
  if (input.applyProfile) await profile.apply(by, offered, true);
  const [asToken, hsToken] = [randomToken(), randomToken()];
  const registration = await putRegistration(administer, by, input.id, bodyOf(deps, input, { asToken, hsToken }));
  // The tokens are shown once: from here on nothing may keep them from being shown.
  const refusal = input.applyProfile ? await refusalOf(() => profile.apply(by, offered, false)) : undefined;
  return {
    registration,
    asToken,
    hsToken,
    sender: interestsOf(registration, administer.serverName).sender,
    ping: registration.url === undefined ? undefined : await pingResult(deps, input.id, administer.now),
    profile: offered,
    isApplied: input.applyProfile && refusal === undefined,
    refusal,
  };
}

function bodyOf(
  { administer: { serverName } }: Pick<ConnectDeps, 'administer'>,
  { url, id, senderLocalpart, exclusive }: ConnectInput,
  { asToken, hsToken }: { readonly asToken: string; readonly hsToken: string },
) {
  const domain = serverName.replaceAll(/[.[\]]/g, String.raw`\$&`);
  return {
    url,
    as_token: asToken,
    hs_token: hsToken,
    sender_localpart: senderLocalpart ?? id,
    namespaces: { users: [{ exclusive, regex: `@.*:${domain}` }], aliases: [], rooms: [] },
    rate_limited: false,
    receive_ephemeral: true,
    'eyrie.admin': true,
  };
}

/** How we reach an application service; never rejects. `undefined`: it has no URL, or is not there. */
export async function pingResult(
  { appservices, ask }: Pick<ConnectDeps, 'appservices' | 'ask'>,
  id: string,
  now: () => number,
): Promise<PingResult | undefined> {
  try {
    const appservice = await appservices.byId(id);
    if (appservice === undefined || !hasUrl(appservice)) return undefined;
    return { ok: true, durationMs: await ping({ ask, now }, appservice, undefined) };
  } catch (error) {
    const { errcode, message } =
      error instanceof MatrixError ? error : { errcode: 'M_UNKNOWN', message: String(error) };
    return { ok: false, isReached: errcode === 'M_BAD_STATUS', errcode, error: message };
  }
}

const randomToken = (): string => encodeBase64Url(crypto.getRandomValues(new Uint8Array(TOKEN_BYTES)));

function refusalOf(work: () => Promise<void>): Promise<string | undefined> {
  return work().then(
    () => undefined,
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );
}
