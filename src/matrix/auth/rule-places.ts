import type { RoomVersionRules } from '../room-versions/rules.ts';

/** Where the rules stand in the nested list of a room version's page. */
export interface RulePlaces {
  readonly createExists: string;
  readonly authEvents: string;
  /** The last rule about auth events; the page of version 12 has one rule less before it. */
  readonly authEventsOfRoom: string;
  readonly federation: string;
  readonly aliases: string;
  readonly member: string;
  readonly join: string;
  readonly invite: string;
  readonly leave: string;
  readonly ban: string;
  readonly knock: string;
  readonly unknownMembership: string;
  readonly senderJoined: string;
  readonly thirdPartyInvite: string;
  readonly requiredLevel: string;
  readonly stateKey: string;
  readonly powerLevels: string;
  readonly redaction: string;
}

/** @returns the places by which a room version's page numbers its rules. Source: "Authorisation rules" of each page. */
export function rulePlaces(rules: RoomVersionRules): RulePlaces {
  const authEvents = rules.roomIdIsCreateEvent ? 3 : 2;
  const federation = authEvents + 1;
  const member = federation + (rules.aliasesRule ? 2 : 1);
  const join = rules.restrictedJoins ? 3 : 2;
  return {
    createExists: rules.roomIdIsCreateEvent ? '2' : '2.4',
    authEvents: `${authEvents}`,
    authEventsOfRoom: `${authEvents}.${rules.roomIdIsCreateEvent ? 4 : 5}`,
    federation: `${federation}`,
    aliases: `${federation + 1}`,
    member: `${member}`,
    join: `${member}.${join}`,
    invite: `${member}.${join + 1}`,
    leave: `${member}.${join + 2}`,
    ban: `${member}.${join + 3}`,
    knock: `${member}.${join + 4}`,
    unknownMembership: `${member}.${join + (rules.knocking ? 5 : 4)}`,
    senderJoined: `${member + 1}`,
    thirdPartyInvite: `${member + 2}`,
    requiredLevel: `${member + 3}`,
    stateKey: `${member + 4}`,
    powerLevels: `${member + 5}`,
    redaction: `${member + 6}`,
  };
}

/** Where the parts of the rule for `m.room.power_levels` stand. */
export interface PowerLevelsPlaces {
  /** Integers only: the properties that are levels. */
  readonly levels: string;
  /** Integers only: `events` and `notifications`. */
  readonly entries: string;
  readonly users: string;
  readonly creators: string;
  readonly levelChanged: string;
  readonly entryRemoved: string;
  readonly entryAdded: string;
  readonly userRemoved: string;
  readonly userAdded: string;
}

/** @returns the places within the rule for `m.room.power_levels`. Source: as {@link rulePlaces}. */
export function powerLevelsPlaces(rules: RoomVersionRules): PowerLevelsPlaces {
  const { powerLevels } = rulePlaces(rules);
  const users = rules.integerPowerLevels ? 3 : 1;
  const noPrevious = users + (rules.creatorsArePrivileged ? 2 : 1);
  return {
    levels: `${powerLevels}.1`,
    entries: `${powerLevels}.2`,
    users: `${powerLevels}.${users}`,
    creators: `${powerLevels}.${users + 1}`,
    levelChanged: `${powerLevels}.${noPrevious + 1}`,
    entryRemoved: `${powerLevels}.${noPrevious + 2}.1`,
    entryAdded: `${powerLevels}.${noPrevious + 3}.1`,
    userRemoved: `${powerLevels}.${noPrevious + 4}.1`,
    userAdded: `${powerLevels}.${noPrevious + 5}.1`,
  };
}
