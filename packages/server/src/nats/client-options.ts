import { readFile } from "node:fs/promises";
import { isIP } from "node:net";
import {
  type Authenticator,
  type ConnectionOptions,
  credsAuthenticator,
  nkeyAuthenticator,
  type TlsOptions,
  tokenAuthenticator,
  usernamePasswordAuthenticator,
} from "nats";
import { natsLimits } from "./nats-limits.js";
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

/** Host of `host:port`, without the brackets of an IPv6 address. */
function hostOf(server: string): string {
  return server.slice(0, server.lastIndexOf(":")).replace(/^\[|\]$/g, "");
}

/**
 * Options of the client for one connection, to one of the servers: attempts take them in turn. It does not reconnect by itself: each
 * connection is a session of a `Link`.
 */
export async function clientOptions(
  { servers, auth, tls }: ResolvedAddress,
  name: string,
  attempt: number,
): Promise<ConnectionOptions> {
  const server = servers[attempt % servers.length] as string;
  const host = hostOf(server);
  // the client does not say which address it has connected to, and the certificate would be held against "localhost"
  const tlsOptions: TlsOptions & { readonly host?: string } = { ...tls, ...(isIP(host) === 0 ? {} : { host }) };
  return {
    name,
    servers: [server],
    reconnect: false,
    timeout: natsLimits.connectTimeoutMs,
    pingInterval: natsLimits.pingMs,
    maxPingOut: 2,
    ...(auth === undefined ? {} : { authenticator: await authenticatorOf(auth) }),
    ...(tls === undefined ? {} : { tls: tlsOptions }),
  };
}
