/** The key of a payload without fields: no bytes are kept for it. */
export const emptyPayloadKey = 0;

/**
 * Port: payloads by key, as one thread reads them. The bytes under a key never change, and are there for as long as a row that holds the key can
 * be visible to a thread that is at its epoch.
 */
export interface PayloadReader {
  /**
   * The payload's JSON, in UTF-8, as answers print it. A view that is good until the next call. Throws `corrupt` where it is not there, or not what
   * was written; `storage` where it cannot be read.
   */
  bytesOf(key: number): Uint8Array;
}
