/** Bounds of the HTTP interface. A request beyond one of them is refused whole. */

/** Largest request body, in MiB, unless configured otherwise. */
export const bodyLimitMebibytesDefault = 32;

/** What the bodies of all requests under way may take together, in MiB, unless configured otherwise. */
export const bodyBytesInFlightMebibytesDefault = 256;

/** A body of so many bytes is small: some of what all may take together is kept for such. */
export const smallBodyBytes = 64 * 1024;

/** How long a request has to arrive whole, unless configured otherwise. */
export const requestTimeoutMsDefault = 60_000;

/** How long a client has at most to agree on TLS. */
export const handshakeTimeoutMsMax = 10_000;

/** How long its headers have at most. */
export const headersTimeoutMsMax = 20_000;

/** Connections of all clients together, unless configured otherwise. */
export const connectionsMaxDefault = 10_000;

/** How long a connection without a request is kept. */
export const keepAliveTimeoutMs = 72_000;

/** Bytes of a body beyond its limit that are read and forgotten, so that its sender gets to read why. */
export const drainedBytesMax = 256 * 1024 * 1024;

/** Of such a body nothing is waited for so long; then its sender is answered. */
export const drainIdleMs = 500;

/** Levels of arrays and objects in a request body. */
export const jsonDepthMax = 128;

/** Keys of one object in a request body: an object gives its keys only all at once. */
export const jsonKeysMax = 100_000;

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

/** A smaller body is read however full the memory is. */
export const bodyBytesAlwaysRead = 256 * 1024;

/** A larger body is read in a thread of its own: a smaller one takes some milliseconds, whatever stands in it but texts for a model. */
export const bodyBytesReadHere = 256 * 1024;

/** The same of bodies with texts that vectors are made of: a word of a text takes up to 9 µs. */
export const textBytesReadHere = 16 * 1024;

/** Large bodies that wait to be read; beyond it they are refused. */
export const bodiesWaitingMax = 256;

/** Heap of the thread that reads them, in bytes for each byte that a body may have, and in MiB at least. */
export const bodyThreadShare = 32;
export const bodyThreadMebibytesMin = 256;

/** The thread ends when it had nothing to read for so long. */
export const bodyThreadIdleMs = 60_000;

/** Most candidates that a search may keep (`hnsw_ef`). */
export const efSearchMax = 65_536;
