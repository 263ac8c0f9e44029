import { MurmurationError } from "@murmuration/index";
import { storeAddressText } from "./store-address.js";
import type { StoreConfig } from "./store-config.js";

/** What the SDK says of a failure: the store's own name for it, and the status that it answered with. */
interface Failure {
  readonly name?: string;
  readonly code?: string;
  readonly message?: string;
  readonly $metadata?: { readonly httpStatusCode?: number };
}

const NO_BUCKET = new Set(["NoSuchBucket"]);
const NO_OBJECT = new Set(["NoSuchKey", "NotFound"]);
const NO_KEYS = new Set(["CredentialsProviderError", "TokenProviderError"]);
const TIME_IS_OVER = new Set(["TimeoutError", "AbortError", "RequestTimeout"]);
const UNTRUSTED = /CERT|SELF_SIGNED|UNABLE_TO_VERIFY|ALTNAME/;

/**
 * The typed error for what a store, or the way to it, failed with. It is said in words; nothing of a request is in it but what was done, and no key.
 * `not-found` is of an object alone: a bucket that is not there is a fault of the configuration (`storage`).
 */
export function storeFailure(config: StoreConfig, what: string, error: unknown): MurmurationError {
  const { name = "", code = "", message = "", $metadata } = error as Failure;
  const status = $metadata?.httpStatusCode;
  const place = storeAddressText(config);
  const at = config.endpoint ?? `the region ${config.region}`;
  const failed = (kind: "not-found" | "storage" | "unavailable", why: string) =>
    new MurmurationError(kind, `${place}: ${what}: ${why}`, undefined, undefined);
  if (NO_BUCKET.has(name)) return failed("storage", `there is no bucket ${config.bucket} at ${at}`);
  if (NO_OBJECT.has(name)) return failed("not-found", "there is no such object");
  if (NO_KEYS.has(name)) {
    return failed(
      "storage",
      "no keys of the store were found: give them by AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or --backup-credentials-file",
    );
  }
  if (status === 403 || status === 401) return failed("storage", `the store refuses it (${status} ${name})`);
  if (UNTRUSTED.test(code)) {
    return failed(
      "storage",
      `the certificate of ${at} is not trusted (${code}): give what it comes from by --backup-ca-file`,
    );
  }
  if (TIME_IS_OVER.has(name)) return failed("unavailable", `${at} does not answer in time`);
  if (status !== undefined && status >= 500) return failed("unavailable", `the store fails (${status} ${name})`);
  if (status !== undefined)
    return failed("storage", `the store refuses it (${status} ${name}: ${message.slice(0, 200)})`);
  return failed(
    "unavailable",
    `${at} cannot be reached or breaks off (${(code || name || "error").slice(0, 100)}: ${message.slice(0, 200)})`,
  );
}
