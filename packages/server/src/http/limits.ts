/** Bounds of the HTTP interface. A request beyond one of them is refused whole. */

/** Largest request body, in MiB, unless configured otherwise. */
export const bodyLimitMebibytesDefault = 32;

/** Bytes of a body beyond its limit that are read and forgotten, so that its sender gets to read why. */
export const drainedBytesMax = 256 * 1024 * 1024;

/** Levels of arrays and objects in a request body. */
export const jsonDepthMax = 128;

/** Characters of a collection or alias name. */
export const nameLengthMax = 255;

/** Characters of one parameter in a path. Longer than any name, so that a long name gets its own error. */
export const pathParameterLengthMax = 8_192;

/** Queries in one batch. */
export const queryBatchSizeMax = 10_000;

/** Points checked by one validation call. */
export const validationSamplesMax = 10_000;

/** Dimensions of a vector. */
export const vectorSizeMax = 65_536;

/** Characters of a session token in a header: servers and clients take headers of 16 KiB in all. */
export const sessionTokenCharactersMax = 8_192;

/** How long a request waits for other replicas unless it says otherwise. */
export const consistencyTimeoutMsDefault = 2_000;

/** Requests passed on to other replicas at a time; beyond it they are refused. */
export const forwardsMax = 64;
export const forwardTimeoutMs = 10_000;
export const forwardedAnswerBytesMax = 64 * 1024 * 1024;

/** How long a read may take, unless it or the configuration says otherwise. */
export const readTimeoutSecondsDefault = 60;

/** Reads that are begun and not done; beyond it they are refused. */
export const readsUnderWayMax = 1_024;

/** Largest answer, in MiB. */
export const answerMebibytesMax = 256;
