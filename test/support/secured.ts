import { randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { newAuthority } from "@murmuration/server/testing/certificates";
import type { Trust } from "./ask.js";

/** Everything that makes servers secure, switched on. */
export interface Secured {
  /** For each of them. */
  readonly options: readonly string[];
  /** For each of them that is in a cluster. */
  readonly clusterOptions: readonly string[];
  readonly trust: Trust;
}

/** Keys and certificates in files of this folder, for servers on the loopback. */
export async function makeSecured(folder: string): Promise<Secured> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = (name: string, content: string) => {
    const path = join(folder, name);
    writeFileSync(path, content, { mode: 0o600 });
    return path;
  };
  const authority = await newAuthority("authority of these servers");
  const { cert, key } = await authority.issue("server");
  const apiKey = randomBytes(32).toString("hex");
  const ca = file("ca.crt", authority.cert);
  const options = [
    ...["--api-key-file", file("api-key", `${apiKey} # the only client\n`), "--jwt-rbac"],
    ...["--tls-cert", file("server.crt", cert), "--tls-key", file("server.key", key), "--peer-ca", ca],
    ...["--encryption-key-file", file("disk-key", randomBytes(32).toString("hex"))],
    ...["--audit-log", "on"],
  ];
  // with it nobody is believed unseen, also when the cluster begins
  const clusterOptions = ["--cluster-secret-file", file("cluster-secret", randomBytes(32).toString("hex"))];
  return { options, clusterOptions, trust: { ca: authority.cert, apiKey } };
}
