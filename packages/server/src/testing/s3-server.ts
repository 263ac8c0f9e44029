import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import type { StoreConfig } from "../object-store/mod.js";
import type { MadeCertificate } from "./certificates.js";

/** A real server that speaks the protocol of S3, on the loopback, with its objects in a folder. It has a thread of its own. */
export interface S3Server {
  readonly endpoint: string;
  /** Where its objects lie. */
  readonly objects: string;
  /** A file with the keys that it knows. */
  readonly credentialsFile: string;
  /** A place in its bucket `backups`, with keys that it lets in. */
  config(prefix?: string): StoreConfig;
  stop(): Promise<void>;
}

/** The name of its bucket. */
const BUCKET = "backups";
const CREDENTIALS = "[default]\naws_access_key_id = S3RVER\naws_secret_access_key = S3RVER\n";

/** Starts a server on a free port, by TLS where there is a certificate; what it keeps, and a file with its keys, lies in the folder. */
export async function startS3(folder: string, tls?: MadeCertificate): Promise<S3Server> {
  const objects = join(folder, "objects");
  mkdirSync(objects, { recursive: true });
  const credentialsFile = join(folder, "credentials");
  writeFileSync(credentialsFile, CREDENTIALS);
  const worker = new Worker(new URL("./s3-server-thread.js", import.meta.url), {
    workerData: { directory: objects, bucket: BUCKET, ...(tls === undefined ? {} : { key: tls.key, cert: tls.cert }) },
  });
  const port = await new Promise<number>((resolve, reject) => {
    worker.once("message", resolve);
    worker.once("error", reject);
  });
  const endpoint = `${tls === undefined ? "http" : "https"}://127.0.0.1:${port}`;
  return {
    endpoint,
    objects,
    credentialsFile,
    config: (prefix = "cluster") => ({
      bucket: BUCKET,
      prefix,
      endpoint,
      region: "us-east-1",
      isPathStyle: true,
      certificateAuthority: undefined,
      credentialsFile,
    }),
    stop: async () => {
      await worker.terminate();
    },
  };
}
