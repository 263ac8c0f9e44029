/** An object as a listing tells of it. */
export interface ListedObject {
  readonly key: string;
  readonly bytes: number;
}

/**
 * Port: named objects in a bucket, below one prefix, which stands before every key here. Failures are `MurmurationError`s: `not-found` for an object or a bucket
 * that is not there, `forbidden` where the store refuses whoever asks, `unavailable` where it does not answer in time or answers with a fault of its own.
 */
export interface ObjectStore {
  /** `s3://bucket/prefix`, for words. */
  readonly place: string;
  /** Writes an object whole, or not at all. */
  put(key: string, bytes: Uint8Array): Promise<void>;
  /** An object of at most so many bytes; a longer one throws `corrupt`. */
  get(key: string, bytesMax: number): Promise<Uint8Array>;
  /** Every object whose key begins so, by key. */
  list(prefix: string): AsyncIterable<ListedObject>;
  /** One that is not there is no error. */
  remove(key: string): Promise<void>;
  close(): void;
}
