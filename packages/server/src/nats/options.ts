import { MurmurationError } from "@murmuration/index";

/** How to prove who one is. */
export type NatsAuth =
  | { readonly kind: "password"; readonly user: string; readonly password: string }
  | { readonly kind: "token"; readonly token: string }
  /** The seed of a user's NKey, `SU…`. */
  | { readonly kind: "nkey"; readonly seed: string }
  /** Path of a `.creds` file: a user's JWT and its NKey. Read again for every connection. */
  | { readonly kind: "credentials"; readonly file: string };

/** Encryption is required, and its certificates are checked. Paths of PEM files, read again for every connection. */
export interface NatsTls {
  /** Who signed the server's certificate; default: the authorities that Node.js knows. */
  readonly caFile?: string;
  /** This client's certificate and key, for servers that ask for one (mutual TLS). */
  readonly certFile?: string;
  readonly keyFile?: string;
}

/** Where a region's NATS is. */
export interface NatsAddress {
  /** `nats://host:port` or `tls://host:port`, also with `user:password@` or `token@`; more than one: the nodes of one NATS cluster. */
  readonly servers: readonly string[];
  readonly auth?: NatsAuth;
  readonly tls?: NatsTls;
}

/** Another region, with the address of its NATS. What is left out of `auth` and `tls` is as in the own region. */
export interface NatsPeer extends NatsAddress {
  readonly region: string;
}

/** Keeps how far each region's stream was read; saved every few seconds, so that some frames may come again after a restart. */
export interface NatsPositions {
  load(region: string): number | undefined;
  save(region: string, sequence: number): void;
}

/** How a line of the log is written. */
export type NatsLog = (
  level: "info" | "warn" | "error",
  message: string,
  details: Readonly<Record<string, unknown>>,
) => void;

/** What a `NatsTransport` needs to know. */
export interface NatsTransportOptions {
  /** Replicas of other clusters use other subjects and another stream. */
  readonly cluster: string;
  readonly replicaId: number;
  readonly region: string;
  readonly own: NatsAddress;
  /** Regions with a NATS of their own. None: one NATS serves all replicas. */
  readonly peers?: readonly NatsPeer[];
  readonly positions?: NatsPositions;
  /** Path of a file with keys that the members share, read again when it changes: frames are sealed with the first (`FrameSeal`). Default: they are not sealed. */
  readonly clusterKeyFile?: string;
  /** Is a replica a member of the cluster? What comes from others has little room. Default: all are. */
  readonly isMember?: (replica: number) => boolean;
  readonly log?: NatsLog;
  /** Bound on what waits to be sent; default `limits.transportQueueBytesMax`. */
  readonly queueBytesMax?: number;
  /** Bulk to each link; default: as fast as it goes. */
  readonly bulkBytesPerSecondMax?: number;
  /** What the own region's stream keeps; default `natsLimits`. */
  readonly streamBytesMax?: number;
  readonly streamAgeMsMax?: number;
  /** How long to wait for the servers before going on without them. */
  readonly startWaitMs?: number;
}

/** An address, its URLs split into what NATS takes. */
export interface ResolvedAddress {
  readonly region: string;
  /** `host:port`, sorted: the same servers give the same. */
  readonly servers: readonly string[];
  readonly auth: NatsAuth | undefined;
  readonly tls: NatsTls | undefined;
}

function parseServer(text: string, field: string): { host: string; auth: NatsAuth | undefined; isTls: boolean } {
  let url: URL;
  try {
    url = new URL(text.includes("://") ? text : `nats://${text}`);
  } catch {
    throw new MurmurationError("validation", `"${redacted(text)}" is no address of a NATS server`, field);
  }
  if (!["nats:", "tls:"].includes(url.protocol) || url.hostname === "")
    throw new MurmurationError("validation", `"${redacted(text)}" must be nats://host:port or tls://host:port`, field);
  const user = decodeURIComponent(url.username);
  const password = decodeURIComponent(url.password);
  const auth: NatsAuth | undefined =
    user === "" ? undefined : password === "" ? { kind: "token", token: user } : { kind: "password", user, password };
  return { host: `${url.hostname}:${url.port === "" ? "4222" : url.port}`, auth, isTls: url.protocol === "tls:" };
}

/** Without what stands before the `@`. */
function redacted(text: string): string {
  return text.replace(/\/\/.*@/, "//");
}

/** Checks an address and takes it apart. Throws `validation`, naming `field`. */
export function resolveAddress(
  region: string,
  { servers, auth, tls }: NatsAddress,
  field: string,
  inherited?: ResolvedAddress,
): ResolvedAddress {
  if (servers.length === 0) throw new MurmurationError("validation", "names no server", field);
  const parsed = servers.map((server) => parseServer(server, field));
  return {
    region,
    servers: [...new Set(parsed.map(({ host }) => host))].sort(),
    auth: auth ?? parsed.find((server) => server.auth !== undefined)?.auth ?? inherited?.auth,
    tls: tls ?? (parsed.some(({ isTls }) => isTls) ? (inherited?.tls ?? {}) : inherited?.tls),
  };
}

/** The own address and those of the peers that have other servers than it. Throws `validation`. */
export function resolveAddresses(options: NatsTransportOptions): readonly [ResolvedAddress, ...ResolvedAddress[]] {
  const own = resolveAddress(options.region, options.own, "own.servers");
  const others: ResolvedAddress[] = [];
  const regions = new Set([options.region]);
  for (const [i, peer] of (options.peers ?? []).entries()) {
    const field = `peers.${i}`;
    if (regions.has(peer.region))
      throw new MurmurationError("validation", `region "${peer.region}" is named twice`, `${field}.region`);
    regions.add(peer.region);
    const address = resolveAddress(peer.region, peer, `${field}.servers`, own);
    const isKnown = [own, ...others].some(({ servers }) => servers.join() === address.servers.join());
    if (!isKnown) others.push(address);
  }
  return [own, ...others];
}
