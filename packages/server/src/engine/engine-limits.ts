/** Of threads that write, as in nice(1): where processors are short, reads go before writes. */
export const NICE = 10;
/** Most commands of one group: one transaction. */
export const GROUP_COMMANDS_MAX = 256;
/** A group ends when it is this old: whoever came first does not wait for all others. */
export const GROUP_MS_MAX = 20;
/** Requests are handled so long in one go; then others have their turn. */
export const TURN_MS_MAX = 25;
/** Payload indexes are built so long in one go. */
export const INDEX_SLICE_MS = 5;
/** Of what came from others, so much is taken in one go: some hundred operations, or one message. */
export const RECEIVE_BYTES_MAX = 128 * 1024;
/** After a start, connections are made first; then members have a second left to say what they hold. */
export const START_WAIT_MS = 5_000;
/** Own operations that follow others so soon go out together with what comes until then: that saves an envelope and a publication each. */
export const LINGER_MS = 16;
/** What waits to be sent has so long when the database is stopped. */
export const DRAIN_MS_MAX = 2_000;
/** Work of one tick: some ten milliseconds. */
export const BUDGET = { stitches: 32, repairs: 64 } as const;
/** Room that is kept on the disk for what deletes (docs/files.md). */
export const DISK_RESERVE_BYTES = 8 * 1024 * 1024;
/** It is made where so many times its room is free, and looked for so often. */
export const DISK_RESERVE_FREE_MIN = 4;
export const DISK_RESERVE_INTERVAL_MS = 5_000;
