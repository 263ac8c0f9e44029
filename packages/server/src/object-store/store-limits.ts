/** How long connecting may take, and how long nothing may come. */
export const CONNECT_MS = 10_000;
export const SILENCE_MS = 30_000;
/** How long one request may take with all that is tried again. */
export const REQUEST_MS = 180_000;
/** So often a request is made that fails for reasons that pass: by the SDK, and where an answer breaks off, by us. */
export const ATTEMPTS_MAX = 4;
/** Requests at once. */
export const LANES = 8;
/** Characters of a prefix in a bucket: keys have 1,024 at most. */
export const PREFIX_CHARACTERS_MAX = 512;
