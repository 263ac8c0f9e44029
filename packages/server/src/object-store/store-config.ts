import { MurmurationError } from "@murmuration/index";
import { LOOPBACK } from "../consistency/allowed-hosts.js";
import { parseStoreAddress, type StoreAddress } from "./store-address.js";

/** The options of a store as they are given; "" where one is not. */
export interface StoreSettings {
  readonly backupEndpoint: string;
  readonly backupRegion: string;
  readonly backupAddressing: string;
  readonly backupCaFile: string;
  readonly backupCredentialsFile: string;
}

/** Which store, and how it is reached. Plain data: threads are given it. No key is in it. */
export interface StoreConfig extends StoreAddress {
  /** `undefined`: that of the region at Amazon. */
  readonly endpoint: string | undefined;
  readonly region: string;
  /** Does the bucket's name stand in the path, not before the host? */
  readonly isPathStyle: boolean;
  /** Certificates (PEM) that the store's must come from; `undefined`: those that the system trusts. */
  readonly certificateAuthority: string | undefined;
  /** A file of the form of `~/.aws/credentials`; `undefined`: as the SDK finds them. */
  readonly credentialsFile: string | undefined;
}

/** Where a bucket's name stands in requests. */
export const addressings = ["path", "host"] as const;

/** The store of an address `s3://bucket/prefix`. Throws an `Error` that says which option is wrong. */
export function storeConfigOf(
  address: string,
  { backupEndpoint, backupRegion, backupAddressing, backupCaFile, backupCredentialsFile }: StoreSettings,
  readFile: (path: string) => string,
): StoreConfig {
  const endpoint = backupEndpoint === "" ? undefined : endpointOf(backupEndpoint);
  return {
    ...parseStoreAddress(address),
    endpoint,
    region: backupRegion,
    isPathStyle: backupAddressing === "" ? endpoint !== undefined : backupAddressing === "path",
    certificateAuthority: backupCaFile === "" ? undefined : readFile(backupCaFile),
    credentialsFile: backupCredentialsFile === "" ? undefined : backupCredentialsFile,
  };
}

/** Throws where it is no URL of a server, or would hold what belongs into a file of credentials. */
function endpointOf(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || (url.protocol !== "https:" && url.protocol !== "http:")) {
    throw new MurmurationError("bad-request", "--backup-endpoint must be a URL that begins with https:// or http://");
  }
  if (url.username !== "" || url.password !== "") {
    throw new MurmurationError(
      "bad-request",
      "--backup-endpoint must hold no key: give it by --backup-credentials-file or the environment",
    );
  }
  if (url.search !== "" || url.hash !== "") {
    throw new MurmurationError("bad-request", "--backup-endpoint must have no query");
  }
  return url.href.replace(/\/$/, "");
}

/** Does what is sent to the store pass a network in the clear? */
export function isInTheClear({ endpoint }: Pick<StoreConfig, "endpoint">): boolean {
  const { protocol, hostname } = new URL(endpoint ?? "https://amazon");
  return protocol === "http:" && !LOOPBACK.test(hostname);
}
