declare const brand: unique symbol;
type Branded<Name extends string> = string & { readonly [brand]: Name };

/** Identifiers are strings that a parser of this folder has looked at. Nothing else makes one. */
export type ServerName = Branded<'ServerName'>;
export type UserId = Branded<'UserId'>;
export type RoomId = Branded<'RoomId'>;
export type EventId = Branded<'EventId'>;
export type RoomAlias = Branded<'RoomAlias'>;
export type MediaId = Branded<'MediaId'>;
