import { limits, readInvitation } from "@murmuration/core";
import { allowedHost } from "./consistency/allowed-hosts.js";
import type { ClusterStart } from "./engine/cluster-start.js";
import { clusterKeysOf } from "./nats/frame-seal.js";

/** The options of a cluster as they are given; "" where one is not. */
export interface ClusterSettings {
  readonly region: string;
  readonly cluster: string;
  readonly advertise: string;
  /** Hosts, separated by spaces. */
  readonly peerUrlAllow: string;
  /** 0: a random one. */
  readonly replicaId: number;
  /** URLs, separated by commas. */
  readonly nats: string;
  /** `NAME=URL,URL` or `NAME`, separated by spaces. */
  readonly peer: string;
  /** "": none. */
  readonly invitation: string;
  readonly invitationFile: string;
  readonly clusterSecretFile: string;
  /** "": messages are not sealed. */
  readonly clusterKeyFile: string;
  readonly natsUser: string;
  readonly natsPassword: string;
  readonly natsToken: string;
  readonly natsNkeySeedFile: string;
  readonly natsCredentialsFile: string;
  readonly natsCaFile: string;
  readonly natsCertFile: string;
  readonly natsKeyFile: string;
}

/** Where the server listens. */
interface ListenSettings {
  readonly host: string;
  readonly port: number;
  /** "": HTTP without TLS. */
  readonly tlsCert: string;
}

const REGION_CHARACTERS_MAX = 64;

/** A region's name: it stands in subjects of NATS. Throws an `Error` that says what is expected. */
export function regionName(text: string): string {
  if (text.length <= REGION_CHARACTERS_MAX && /^[A-Za-z0-9_-]+$/.test(text)) return text;
  throw new Error(`must be 1 to ${REGION_CHARACTERS_MAX} letters, digits, - or _`);
}

export function clusterName(text: string): string {
  if (text.length <= limits.clusterNameCharactersMax && /^[A-Za-z0-9_-]+$/.test(text)) return text;
  throw new Error(`must be 1 to ${limits.clusterNameCharactersMax} letters, digits, - or _`);
}

const URL_CHARACTERS_MAX = 2_048;

/** Origin and path of an HTTP server, without a slash at its end. Throws an `Error` that says what is expected. */
export function advertisedUrl(text: string): string {
  const url = URL.canParse(text) && text.length <= URL_CHARACTERS_MAX ? new URL(text) : undefined;
  const isPlain = url !== undefined && url.search === "" && url.hash === "" && url.username === "";
  if (isPlain && /^https?:$/.test(url.protocol)) return url.href.replace(/\/+$/, "");
  throw new Error("must be an http or https URL without user, query and fragment");
}

const WILDCARD_HOSTS = ["0.0.0.0", "::", "[::]"];

/** What others reach this server at, as far as its own address says. */
function addressOf({ advertise, host, port, tlsCert }: ClusterSettings & ListenSettings): string | undefined {
  if (advertise !== "") return advertise;
  if (port === 0 || WILDCARD_HOSTS.includes(host)) return undefined;
  return `${tlsCert === "" ? "http" : "https"}://${host.includes(":") ? `[${host}]` : host}:${port}`;
}

const listOf = (text: string, separator: string | RegExp) => text.split(separator).filter((part) => part.length > 0);

interface Peer {
  readonly region: string;
  readonly servers: readonly string[];
}

/** Throws an `Error` that names the host at fault. */
export function parseHosts(text: string): string[] {
  return listOf(text, /\s+/).map(allowedHost);
}

/** Hosts of NATS servers, as far as their addresses can be read: one that cannot is refused elsewhere. */
function hostsOf(servers: readonly string[]): string[] {
  return servers.flatMap((server) => {
    const address = server.replace(/^(nats|tls):\/\//, "");
    return URL.canParse(`http://${address}`) ? [new URL(`http://${address}`).hostname] : [];
  });
}

/** Throws an `Error` that names the peer at fault. */
export function parsePeers(text: string): Peer[] {
  return listOf(text, /\s+/).map((entry) => {
    const at = entry.indexOf("=");
    const name = at < 0 ? entry : entry.slice(0, at);
    try {
      const servers = at < 0 ? [] : listOf(entry.slice(at + 1), ",");
      if (at >= 0 && servers.length === 0) throw new Error("must name a URL behind =");
      return { region: regionName(name), servers };
    } catch (error) {
      throw new Error(`peer "${name}" ${(error as Error).message}`);
    }
  });
}

function authOf(settings: ClusterSettings, readFile: (path: string) => string): object | undefined {
  const { natsUser, natsPassword, natsToken, natsNkeySeedFile, natsCredentialsFile } = settings;
  const ways: readonly (object | undefined)[] = [
    natsUser === "" ? undefined : { kind: "password", user: natsUser, password: natsPassword },
    natsToken === "" ? undefined : { kind: "token", token: natsToken },
    natsNkeySeedFile === "" ? undefined : { kind: "nkey", seed: readFile(natsNkeySeedFile).trim() },
    natsCredentialsFile === "" ? undefined : { kind: "credentials", file: natsCredentialsFile },
  ];
  const given = ways.filter((way) => way !== undefined);
  if (given.length > 1) throw new Error("only one of user, token, nkey seed and credentials can be given for NATS");
  return given[0];
}

function tlsOf({ natsCaFile, natsCertFile, natsKeyFile }: ClusterSettings): object | undefined {
  if (natsCaFile === "" && natsCertFile === "" && natsKeyFile === "") return undefined;
  if ((natsCertFile === "") !== (natsKeyFile === ""))
    throw new Error("--nats-cert-file and --nats-key-file belong together");
  return {
    ...(natsCaFile === "" ? {} : { caFile: natsCaFile }),
    ...(natsCertFile === "" ? {} : { certFile: natsCertFile, keyFile: natsKeyFile }),
  };
}

const SECRET_CHARACTERS_MIN = 32;

/** Throws an `Error` that does not show it. */
function secretOf(content: string): Uint8Array {
  const secret = content.trim();
  if (secret.length >= SECRET_CHARACTERS_MIN) return new TextEncoder().encode(secret);
  throw new Error(`--cluster-secret-file must hold ${SECRET_CHARACTERS_MIN} characters or more: openssl rand -hex 32`);
}

/** The text of the invitation that is given, if one is. Throws an `Error` that does not show it. */
function invitationOf(settings: ClusterSettings, readFile: (path: string) => string): string | undefined {
  const { invitation, invitationFile, cluster } = settings;
  if (invitation !== "" && invitationFile !== "")
    throw new Error("only one of --invitation and --invitation-file can be given");
  const given = (invitationFile === "" ? invitation : readFile(invitationFile)).trim();
  if (given === "") return undefined;
  const known = readInvitation(given);
  if (known.cluster === cluster) return given;
  throw new Error(`the invitation is to the cluster "${known.cluster}", and --cluster is "${cluster}"`);
}

/** Throws an `Error` that names the file. */
function checkClusterKeys(path: string, readFile: (path: string) => string): void {
  try {
    clusterKeysOf(readFile(path));
  } catch (error) {
    throw new Error(`${path}: ${(error as Error).message}`);
  }
}

/** The cluster that these options describe; `undefined`: none. Throws an `Error` that says what does not fit together. */
export function clusterOf(
  settings: ClusterSettings & ListenSettings,
  readFile: (path: string) => string,
): ClusterStart | undefined {
  const { region, cluster, nats, peer } = settings;
  if (nats === "") {
    if (settings.advertise !== "") throw new Error("--advertise needs --nats: a server that is alone is in no cluster");
    if (settings.replicaId !== 0) throw new Error("--replica-id needs --nats: a server that is alone is in no cluster");
    if (settings.invitation !== "" || settings.invitationFile !== "")
      throw new Error("--invitation needs --nats: a server that is alone is in no cluster");
    if (settings.clusterSecretFile !== "")
      throw new Error("--cluster-secret-file needs --nats: a server that is alone is in no cluster");
    if (peer !== "") throw new Error("--peer needs --nats: replicas reach each other through it");
    return undefined;
  }
  if (region === "") throw new Error("--nats needs --region: the name of this replica's region");
  const peers = parsePeers(peer);
  const names = [region, ...peers.map((one) => one.region)];
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw new Error(`region "${twice}" is named twice`);
  if (settings.clusterKeyFile !== "") checkClusterKeys(settings.clusterKeyFile, readFile);
  const auth = authOf(settings, readFile);
  const tls = tlsOf(settings);
  const advertise = addressOf(settings);
  const invitation = invitationOf(settings, readFile);
  return {
    name: cluster,
    region,
    ...(advertise === undefined ? {} : { advertise }),
    ...(invitation === undefined ? {} : { invitation }),
    ...(settings.clusterSecretFile === "" ? {} : { secret: secretOf(readFile(settings.clusterSecretFile)) }),
    ...(settings.replicaId === 0 ? {} : { replicaId: settings.replicaId }),
    peerHosts: [
      ...parseHosts(settings.peerUrlAllow),
      ...hostsOf([...listOf(nats, ","), ...peers.flatMap(({ servers }) => servers)]),
    ],
    peers: peers.length,
    transport: {
      module: new URL("./nats/mod.js", import.meta.url).href,
      exportName: "connectNatsTransport",
      options: {
        own: {
          servers: listOf(nats, ","),
          ...(auth === undefined ? {} : { auth }),
          ...(tls === undefined ? {} : { tls }),
        },
        ...(settings.clusterKeyFile === "" ? {} : { clusterKeyFile: settings.clusterKeyFile }),
        peers: peers.filter(({ servers }) => servers.length > 0),
      },
    },
  };
}
