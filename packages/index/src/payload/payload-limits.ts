/** Characters of a JSON path. */
export const pathLengthMax = 1_024;

/** Parsed paths that are remembered. */
export const parsedPathsMax = 1_024;

/** Bytes of a string that a column holds in UTF-8; longer ones count as values that it does not hold. */
export const keywordBytesMax = 8_192;

/** What the payloads of a collection may take in memory. */
export const payloadMemoryBytesMax = 2 ** 32;
