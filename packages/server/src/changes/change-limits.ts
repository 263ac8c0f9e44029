/** Bounds of change streams and live queries. */

/** Clients that follow changes at a time, live queries included, unless configured otherwise; those beyond are refused. */
export const streamClientsMaxDefault = 256;
/** Live queries at a time, unless configured otherwise: each is evaluated again when something changes. */
export const liveQueriesMaxDefault = 64;
/** What waits to be sent to one client, in MiB, unless configured otherwise: it has not read that much, and is ended. */
export const streamBufferMebibytesDefault = 8;

/** Events that are read from the log for one client go out in pages of about so many bytes, the next when it has taken the one before. */
export const pageBytes = 256 * 1024;
/** Rows of the log that are looked at for one page at most. */
export const pageRows = 1_024;
/** Rows that are read in one turn for those that follow its end. */
export const tailRows = 4_096;
/**
 * Characters of events after which such a turn is over. A client that reads has them taken before the next turn: less than what may wait for one, which ends it
 * (`streamBufferMebibytesDefault`; 1 MiB at the least).
 */
export const tailCharacters = 1024 * 1024;
/** The log is read at most so often for those that follow its end: what comes in between goes out together. */
export const tailEveryMs = 25;
/** A comment, and the place that the stream is at, go to every client so often. */
export const heartbeatMs = 15_000;
/** So often it is asked again whether a client may still read. */
export const admitEveryMs = 5_000;
/** A client that takes nothing of what waits for it for so long is ended. */
export const stalledMs = 30_000;
/** A client that is ended has so long to take the word about it. */
export const endingMs = 3_000;
/** A client that lost its connection is to come back after so long. */
export const retryMs = 1_000;
/** The thread that reads the log ends when nobody has followed for so long. */
export const threadIdleMs = 30_000;
/** One that has ended by itself is replaced so long after at the earliest. */
export const linkEveryMs = 1_000;
/** Its heap. */
export const threadMebibytes = 512;
/** Streams of collections that the thread has not heard of yet. */
export const earlyMax = 256;
/** Points of one event of a snapshot at most, and of the first one. */
export const snapshotPagePoints = 100;
export const snapshotFirstPoints = 16;
/** Where points are large, there are so many in an event that it has about so many characters. */
export const snapshotPageCharacters = 1024 * 1024;
/** Such events that are read at the same time, over all clients; the others wait. */
export const snapshotReadsMax = 2;
/** How long one page of a snapshot, or one evaluation of a live query, may take. */
export const readMs = 60_000;
/** A live query is evaluated so often at most: what comes in between is told of together. */
export const liveEveryMs = 100;
/** Live queries that are evaluated at the same time; the others wait. */
export const liveEvaluationsMax = 2;
/** Points that a live query has at most, those before its offset counted. */
export const livePointsMax = 1_000;
/** As long as no more points than these may have come in or gone out, only they are compared. */
export const liveAmongMax = 4_000;
/** Operations that are remembered until a live query is evaluated; of those before nobody says what they did. */
export const livePendingMax = 10_000;
/** Operations that one event names. */
export const liveNamedMax = 64;
