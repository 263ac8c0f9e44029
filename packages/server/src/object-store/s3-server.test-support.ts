import { mkdirSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import S3rver from "s3rver";
import type { StoreConfig } from "./store-config.js";

/** A real server that speaks the protocol of S3, on the loopback, with its objects in a folder. */
export interface S3Server {
  readonly endpoint: string;
  /** A place in its bucket `backups`, with keys that it lets in. */
  config(prefix?: string): StoreConfig;
  stop(): Promise<void>;
}

/** The keys that the server knows, as a file of credentials. */
const CREDENTIALS = "[default]\naws_access_key_id = S3RVER\naws_secret_access_key = S3RVER\n";

/** Starts a server on a free port; what it keeps, and a file with its keys, lies in the folder. */
export async function startS3(folder: string): Promise<S3Server> {
  const directory = join(folder, "objects");
  mkdirSync(directory, { recursive: true });
  const credentialsFile = join(folder, "credentials");
  writeFileSync(credentialsFile, CREDENTIALS);
  const server = new S3rver({
    address: "127.0.0.1",
    port: 0,
    silent: true,
    directory,
    configureBuckets: [{ name: "backups", configs: [] }],
  });
  const { port } = (await server.run()) as AddressInfo;
  const endpoint = `http://127.0.0.1:${port}`;
  return {
    endpoint,
    config: (prefix = "cluster") => ({
      bucket: "backups",
      prefix,
      endpoint,
      region: "us-east-1",
      isPathStyle: true,
      certificateAuthority: undefined,
      credentialsFile,
    }),
    stop: () => server.close(),
  };
}
