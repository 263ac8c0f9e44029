import { MurmurationError } from "@murmuration/index";
import { PREFIX_CHARACTERS_MAX } from "./store-limits.js";

/** A place in a bucket. */
export interface StoreAddress {
  readonly bucket: string;
  /** "" or names with slashes between them. */
  readonly prefix: string;
}

const SCHEME = "s3://";
/** By the rules for buckets of S3: 3 to 63 small letters, digits, dots and hyphens. */
const BUCKET = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;
/** Characters that keys may have everywhere ("safe characters" of S3), as one name of a path. */
const NAME = /^[A-Za-z0-9!_.*'()-]+$/;

/** Does this name a place in a bucket rather than a file? */
export function isStoreAddress(text: string): boolean {
  return text.startsWith(SCHEME);
}

/** The place that `s3://bucket/prefix` names. Throws `bad-request` that says what is wrong with it. */
export function parseStoreAddress(text: string): StoreAddress {
  const refuse = (why: string): never => {
    throw new MurmurationError("bad-request", `"${text.slice(0, 200)}" names no place in a bucket: ${why}`);
  };
  if (!isStoreAddress(text)) refuse(`it begins with ${SCHEME}`);
  const [bucket = "", ...names] = text.slice(SCHEME.length).replace(/\/+$/, "").split("/");
  if (!BUCKET.test(bucket)) refuse("the name of a bucket has 3 to 63 small letters, digits, dots and hyphens");
  const prefix = names.join("/");
  if (prefix.length > PREFIX_CHARACTERS_MAX) refuse(`a prefix has ${PREFIX_CHARACTERS_MAX} characters at most`);
  const wrong = names.find((name) => !NAME.test(name) || name === "." || name === "..");
  if (wrong !== undefined) {
    refuse("a prefix is made of letters, digits and !_.*'()- with one slash between names, none of which is . or ..");
  }
  return { bucket, prefix };
}

/** `s3://bucket/prefix` */
export function storeAddressText({ bucket, prefix }: StoreAddress): string {
  return `${SCHEME}${bucket}${prefix === "" ? "" : `/${prefix}`}`;
}
