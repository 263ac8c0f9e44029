import { readFile } from "node:fs/promises";
import {
  type Authenticator,
  type ConnectionOptions,
  credsAuthenticator,
  nkeyAuthenticator,
  tokenAuthenticator,
  usernamePasswordAuthenticator,
} from "nats";
import { natsLimits } from "./limits.js";
import type { NatsAuth, ResolvedAddress } from "./options.js";

async function authenticatorOf(auth: NatsAuth): Promise<Authenticator> {
  switch (auth.kind) {
    case "password":
      return usernamePasswordAuthenticator(auth.user, auth.password);
    case "token":
      return tokenAuthenticator(auth.token);
    case "nkey":
      return nkeyAuthenticator(new TextEncoder().encode(auth.seed));
    case "credentials":
      return credsAuthenticator(await readFile(auth.file));
  }
}

/** Options of the client for one connection. It does not reconnect by itself: each connection is a session of a `Link`. */
export async function clientOptions({ servers, auth, tls }: ResolvedAddress, name: string): Promise<ConnectionOptions> {
  return {
    name,
    servers: [...servers],
    reconnect: false,
    timeout: natsLimits.connectTimeoutMs,
    pingInterval: natsLimits.pingMs,
    maxPingOut: 2,
    ...(auth === undefined ? {} : { authenticator: await authenticatorOf(auth) }),
    ...(tls === undefined ? {} : { tls: { ...tls } }),
  };
}
