/** Filters inside of filters, the outermost counted. */
export const filterDepthMax = 64;

/** Conditions of a filter, those inside of other conditions counted. */
export const filterConditionsMax = 4_096;

/** Ids of one `has_id`. */
export const hasIdIdsMax = 100_000;

/** Values of one `match.any` or `match.except`. */
export const matchValuesMax = 100_000;

/** Characters that a text, a phrase or a prefix of `match` has. */
export const matchTextCharactersMax = 65_536;

/** Points of all rings of one `geo_polygon`. */
export const polygonPointsMax = 10_000;
