/** What somebody who registers has to accept. Source: Client-Server API, "Terms of service at registration". */
export type Policies = Readonly<Record<string, Policy>>;

/** A document: its version, and by the codes of languages its title and where it is. */
export interface Policy {
  readonly version: string;
  readonly [language: string]: string | PolicyText;
}

export interface PolicyText {
  readonly name: string;
  readonly url: string;
}

/** The version of each document, by its ID. */
export const policyVersions = (policies: Policies): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(policies).map(([id, { version }]) => [id, version]));

/** A document in English, or in whichever language there is. */
export function policyText(policy: Policy): PolicyText | undefined {
  const texts = Object.entries(policy).filter((entry): entry is [string, PolicyText] => typeof entry[1] === 'object');
  const english = texts.find(([language]) => /^en\b|^en_/i.test(language));
  return (english ?? texts[0])?.[1];
}
