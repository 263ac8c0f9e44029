/** Characters of a JSON path. */
export const pathLengthMax = 1_024;

/** Parsed paths that are remembered. */
export const parsedPathsMax = 1_024;
