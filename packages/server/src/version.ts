/** Version of this program. */
export const version = "0.1.0";

/** The newest version of the dialect whose routes are spoken. Clients check it when they connect, and warn when it is not near their own. */
export const dialectVersion = "1.19.0";

/** Clients expect 40 hexadecimal digits of a commit. Releases of this program have no other build identity than their version. */
export const commit = "0000000000000000000000000000000000000000";
