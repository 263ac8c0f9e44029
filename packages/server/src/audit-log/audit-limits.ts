const mebibyte = 1024 * 1024;

/** Characters of one text in a line; what a client sends as a path may be longer. */
export const textCharactersMax = 256;
/** Bytes of a line that is read: what is longer was written by nobody here. */
export const lineBytesMax = 64 * 1024;
/** No log has so many lines: a higher number was written by nobody here, and those after it would have no room in a name. */
export const numberMax = 1e14;
/** Bytes of lines that wait for the disk; what comes beyond is counted, and the count stands in the log when it can be written again. */
export const waitingBytesMax = 8 * mebibyte;
/** Bytes that are written at once. */
export const writeBytesMax = mebibyte;
/** Room that is kept on the disk, for the lines of requests under way when it gets full. */
export const reserveBytes = mebibyte;
/** The reserve is made again when the disk has so many times its size. */
export const reserveFreeMin = 8;
/** So often it is tried again to write what could not be written. */
export const retryEveryMs = 1_000;
/** The head is written so long after a line at the latest. */
export const headEveryMs = 1_000;
/** Refused requests with a line of their own, in a minute: of one address, and of all together. Others are counted in one line. */
export const refusalsPerAddressMax = 60;
export const refusalsMax = 1_000;
/** Addresses whose refusals are counted apart. */
export const addressesMax = 1_000;

export const fileMebibytesDefault = 64;
export const fileHoursDefault = 24;
