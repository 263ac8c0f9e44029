import { availableParallelism } from "node:os";
import { limits } from "@murmuration/core";
import { type AccessSettings, keysOfText } from "./access-config.js";
import {
  advertisedUrl,
  type ClusterSettings,
  clusterName,
  parseHosts,
  parsePeers,
  regionName,
} from "./cluster-config.js";
import {
  bodyBytesInFlightMebibytesDefault,
  bodyLimitMebibytesDefault,
  connectionsMaxDefault,
  readTimeoutSecondsDefault,
  requestTimeoutMsDefault,
} from "./http/http-limits.js";
import { parseOrigins } from "./http/origins.js";
import { payloadCacheMebibytesDefault, payloadCacheMebibytesMax } from "./read/read-limits.js";
import { memoryLimitMebibytesDefault } from "./threads/machine-memory.js";
import { LISTENERS_MAX, PLANNERS_MAX, READERS_MAX } from "./threads/thread-places.js";
import type { TlsSettings } from "./tls-config.js";

const logLevels = ["trace", "debug", "info", "warn", "error", "fatal", "silent"];

/** What options of the server itself are set to, by their keys. */
export interface ServerSettings {
  readonly host: string;
  readonly port: number;
  readonly data: string;
  readonly logLevel: string;
  readonly slowRequestMs: number;
  readonly bodyLimitMebibytes: number;
  readonly readTimeoutSeconds: number;
  readonly bodyBytesInFlightMebibytes: number;
  readonly requestTimeoutMs: number;
  /** 0: as many as come; so it is of the next three. */
  readonly connectionsMax: number;
  readonly connectionsPerAddressMax: number;
  /** In a minute. */
  readonly requestsPerKeyMax: number;
  readonly requestsPerAddressMax: number;
  /** Separated by spaces; "": only pages on this machine. */
  readonly corsOrigins: string;
  readonly shutdownTimeoutMs: number;
  readonly planners: number;
  readonly readers: number;
  readonly listeners: number;
  readonly payloadCacheMebibytes: number;
  readonly memoryLimitMebibytes: number;
  /** Operations. */
  readonly imageInterval: number;
  /** "": no backups. */
  readonly backupFolder: string;
  /** 0: only on request. */
  readonly backupEveryMinutes: number;
  readonly backupKeep: number;
}

/** What an option may be set to. */
export type ConfigValue = string | number | boolean;

/** One option, wherever it is given. */
export interface OptionRow {
  /** Flag without its dashes, and key in a configuration file. */
  readonly name: string;
  readonly key: keyof ServerSettings | keyof ClusterSettings | keyof AccessSettings | keyof TlsSettings;
  readonly placeholder: string;
  readonly description: string;
  readonly defaultValue: ConfigValue;
  /** May be given several times as a flag; the environment and the file separate by spaces. */
  readonly isRepeatable?: boolean;
  /** A flag without a value; `true` or `false` elsewhere. */
  readonly isSwitch?: boolean;
  /** What it is set to is shown nowhere, not even where it is wrong. */
  readonly isSecret?: boolean;
  /** Throws an `Error` that says what is expected. */
  readonly parse: (text: string) => ConfigValue;
}

function integerFrom(minimum: number, maximum: number) {
  return (text: string): number => {
    const value = Number(text);
    if (/^\d{1,15}$/.test(text) && value >= minimum && value <= maximum) return value;
    throw new Error(`must be an integer from ${minimum} to ${maximum}`);
  };
}

function text(value: string): string {
  if (value.length > 0) return value;
  throw new Error("must not be empty");
}

function logLevel(value: string): string {
  if (logLevels.includes(value)) return value;
  throw new Error(`must be one of ${logLevels.join(", ")}`);
}

function onOrOff(value: string): boolean {
  if (value === "true" || value === "false") return value === "true";
  throw new Error("must be true or false");
}

/** One key. */
function keyText(value: string): string {
  if (keysOfText(value).length === 1) return value;
  throw new Error("must be one key");
}

const dayMs = 86_400_000;
const minutesOfTwoWeeks = 20_160;

/** The only place where options are defined. */
export const optionTable: readonly OptionRow[] = [
  {
    name: "host",
    key: "host",
    placeholder: "address",
    description: "address to listen on",
    defaultValue: "127.0.0.1",
    parse: text,
  },
  {
    name: "port",
    key: "port",
    placeholder: "number",
    description: "port to listen on; 0 takes any free one",
    defaultValue: 6333,
    parse: integerFrom(0, 65_535),
  },
  {
    name: "data",
    key: "data",
    placeholder: "folder",
    description: "folder that holds the data",
    defaultValue: "./data",
    parse: text,
  },
  {
    name: "log-level",
    key: "logLevel",
    placeholder: "level",
    description: logLevels.join(", "),
    defaultValue: "info",
    parse: logLevel,
  },
  {
    name: "slow-request-ms",
    key: "slowRequestMs",
    placeholder: "ms",
    description: "log requests that take longer; 0 logs none",
    defaultValue: 1_000,
    parse: integerFrom(0, dayMs),
  },
  {
    name: "body-limit-mib",
    key: "bodyLimitMebibytes",
    placeholder: "MiB",
    description: "largest request body",
    defaultValue: bodyLimitMebibytesDefault,
    parse: integerFrom(1, 512),
  },
  {
    name: "read-timeout-s",
    key: "readTimeoutSeconds",
    placeholder: "seconds",
    description: "a read that does not say it itself (?timeout=) may take so long",
    defaultValue: readTimeoutSecondsDefault,
    parse: integerFrom(1, 86_400),
  },
  {
    name: "body-bytes-in-flight-mib",
    key: "bodyBytesInFlightMebibytes",
    placeholder: "MiB",
    description: "what the bodies of all requests under way may take together; at least twice the largest body",
    defaultValue: bodyBytesInFlightMebibytesDefault,
    parse: integerFrom(2, 65_536),
  },
  {
    name: "request-timeout-ms",
    key: "requestTimeoutMs",
    placeholder: "ms",
    description: "time in which a request has to arrive whole",
    defaultValue: requestTimeoutMsDefault,
    parse: integerFrom(100, dayMs),
  },
  {
    name: "connections-max",
    key: "connectionsMax",
    placeholder: "number",
    description: "connections of all clients together; those beyond are closed; 0: as many as come",
    defaultValue: connectionsMaxDefault,
    parse: integerFrom(0, 1_000_000),
  },
  {
    name: "connections-per-address-max",
    key: "connectionsPerAddressMax",
    placeholder: "number",
    description: "connections from one address; 0: as many as come",
    defaultValue: 0,
    parse: integerFrom(0, 1_000_000),
  },
  {
    name: "requests-per-key-max",
    key: "requestsPerKeyMax",
    placeholder: "number",
    description: "requests in a minute with one key or token; those beyond are refused with 429; 0: as many as come",
    defaultValue: 0,
    parse: integerFrom(0, 1_000_000_000),
  },
  {
    name: "requests-per-address-max",
    key: "requestsPerAddressMax",
    placeholder: "number",
    description: "requests in a minute from one address; 0: as many as come",
    defaultValue: 0,
    parse: integerFrom(0, 1_000_000_000),
  },
  {
    name: "cors-origin",
    key: "corsOrigins",
    placeholder: "origin",
    description: "pages of this origin may use the server too, as those on this machine do; once for each, * for all",
    defaultValue: "",
    isRepeatable: true,
    parse: (value) => parseOrigins(value).join(" "),
  },
  {
    name: "api-key",
    key: "apiKey",
    placeholder: "key",
    description: "key that lets do everything; visible to who may list processes, better in a file or the environment",
    defaultValue: "",
    isSecret: true,
    parse: keyText,
  },
  {
    name: "api-key-file",
    key: "apiKeyFile",
    placeholder: "file",
    description: "file that holds that key; read again when it changes",
    defaultValue: "",
    parse: text,
  },
  {
    name: "read-only-api-key",
    key: "readOnlyApiKey",
    placeholder: "key",
    description: "key that lets read everything",
    defaultValue: "",
    isSecret: true,
    parse: keyText,
  },
  {
    name: "read-only-api-key-file",
    key: "readOnlyApiKeyFile",
    placeholder: "file",
    description: "file that holds that key; read again when it changes",
    defaultValue: "",
    parse: text,
  },
  {
    name: "api-key-alternate",
    key: "apiKeyAlternate",
    placeholder: "key",
    description: "another key that lets do everything, while clients change from one to the other; once for each",
    defaultValue: "",
    isRepeatable: true,
    isSecret: true,
    parse: (value) => keysOfText(value).join(" "),
  },
  {
    name: "api-key-alternate-file",
    key: "apiKeyAlternateFile",
    placeholder: "file",
    description: "file that holds such keys, one a line or none at all; read again when it changes",
    defaultValue: "",
    parse: text,
  },
  {
    name: "jwt-rbac",
    key: "jwtRbac",
    placeholder: "",
    description: "take tokens (JWT, HS256) that are signed with the API key or an alternate",
    defaultValue: false,
    isSwitch: true,
    parse: onOrOff,
  },
  {
    name: "insecure",
    key: "insecure",
    placeholder: "",
    description: "listen beyond this machine though nobody is asked for a key",
    defaultValue: false,
    isSwitch: true,
    parse: onOrOff,
  },
  {
    name: "tls-cert",
    key: "tlsCert",
    placeholder: "file",
    description: "PEM file of this server's certificate: HTTP by TLS 1.3; files of TLS are read again when they change",
    defaultValue: "",
    parse: text,
  },
  {
    name: "tls-key",
    key: "tlsKey",
    placeholder: "file",
    description: "PEM file of its key",
    defaultValue: "",
    parse: text,
  },
  {
    name: "tls-ca",
    key: "tlsCa",
    placeholder: "file",
    description: "PEM file of who signs certificates of clients: whoever has none is refused",
    defaultValue: "",
    parse: text,
  },
  {
    name: "peer-ca",
    key: "peerCa",
    placeholder: "file",
    description:
      "PEM file of who signed the certificates of other replicas; by default --tls-ca, or whom the runtime believes",
    defaultValue: "",
    parse: text,
  },
  {
    name: "planners",
    key: "planners",
    placeholder: "number",
    description: "threads that plan the inserts of one command; more than one where processors are idle",
    defaultValue: 1,
    parse: integerFrom(1, PLANNERS_MAX),
  },
  {
    name: "readers",
    key: "readers",
    placeholder: "number",
    description: "threads that answer reads; by default one less than there are processors",
    defaultValue: Math.min(Math.max(availableParallelism() - 1, 1), READERS_MAX),
    parse: integerFrom(1, READERS_MAX),
  },
  {
    name: "listeners",
    key: "listeners",
    placeholder: "number",
    description:
      "threads that take connections beside the main one and answer small searches whole; by default one less than there are processors on Linux, else none",
    defaultValue: process.platform === "linux" ? Math.min(availableParallelism() - 1, LISTENERS_MAX) : 0,
    parse: integerFrom(0, LISTENERS_MAX),
  },
  {
    name: "payload-cache-mib",
    key: "payloadCacheMebibytes",
    placeholder: "MiB",
    description: "payloads that each reader keeps of those that it has read; 0 keeps none",
    defaultValue: payloadCacheMebibytesDefault,
    parse: integerFrom(0, payloadCacheMebibytesMax),
  },
  {
    name: "memory-limit-mib",
    key: "memoryLimitMebibytes",
    placeholder: "MiB",
    description:
      "what data may take in memory; beyond it writes that add are refused; by default 70 % of what the machine has",
    defaultValue: memoryLimitMebibytesDefault(),
    parse: integerFrom(64, 1_000_000_000),
  },
  {
    name: "image-interval",
    key: "imageInterval",
    placeholder: "operations",
    description: "write images of the graphs after so many operations, so that a start has less to replay",
    defaultValue: 50_000,
    parse: integerFrom(1, 1_000_000_000),
  },
  {
    name: "backup-folder",
    key: "backupFolder",
    placeholder: "folder",
    description: "folder for backups; without it there are none",
    defaultValue: "",
    parse: text,
  },
  {
    name: "backup-every",
    key: "backupEveryMinutes",
    placeholder: "minutes",
    description: "make a backup so long after the last one; 0 only on request",
    defaultValue: 0,
    parse: integerFrom(0, minutesOfTwoWeeks),
  },
  {
    name: "backup-keep",
    key: "backupKeep",
    placeholder: "count",
    description: "so many backups of this replica are kept, the newest",
    defaultValue: 7,
    parse: integerFrom(1, 100_000),
  },
  {
    name: "shutdown-timeout-ms",
    key: "shutdownTimeoutMs",
    placeholder: "ms",
    description: "time that requests in flight have to finish on shutdown",
    defaultValue: 10_000,
    parse: integerFrom(0, dayMs),
  },
  {
    name: "region",
    key: "region",
    placeholder: "name",
    description: "name of this replica's region",
    defaultValue: "",
    parse: regionName,
  },
  {
    name: "cluster",
    key: "cluster",
    placeholder: "name",
    description: "name of the cluster; others are not listened to",
    defaultValue: "murmuration",
    parse: clusterName,
  },
  {
    name: "advertise",
    key: "advertise",
    placeholder: "url",
    description: "where other replicas reach this one by HTTP, for what they cannot answer; by default host and port",
    defaultValue: "",
    parse: advertisedUrl,
  },
  {
    name: "peer-url-allow",
    key: "peerUrlAllow",
    placeholder: "host",
    description:
      "a host, or *.domain, at which others advertise themselves: reads go there; the hosts of NATS are allowed",
    defaultValue: "",
    isRepeatable: true,
    parse: (value) => {
      parseHosts(value);
      return value;
    },
  },
  {
    name: "replica-id",
    key: "replicaId",
    placeholder: "id",
    description: "id of a new replica, never used before in its cluster; 0: a random one",
    defaultValue: 0,
    parse: integerFrom(0, limits.originMax),
  },
  {
    name: "nats",
    key: "nats",
    placeholder: "urls",
    description: "NATS of this region, URLs separated by commas; without it the server is alone",
    defaultValue: "",
    parse: text,
  },
  {
    name: "peer",
    key: "peer",
    placeholder: "name=urls",
    description: "another region and its NATS (no URL: the same NATS); once for each",
    defaultValue: "",
    isRepeatable: true,
    parse: (value) => {
      parsePeers(value);
      return value;
    },
  },
  {
    name: "nats-user",
    key: "natsUser",
    placeholder: "name",
    description: "user for NATS",
    defaultValue: "",
    parse: text,
  },
  {
    name: "nats-password",
    key: "natsPassword",
    placeholder: "text",
    description: "password of that user; better in the environment",
    defaultValue: "",
    parse: text,
  },
  {
    name: "nats-token",
    key: "natsToken",
    placeholder: "text",
    description: "token for NATS; better in the environment",
    defaultValue: "",
    parse: text,
  },
  {
    name: "nats-nkey-seed-file",
    key: "natsNkeySeedFile",
    placeholder: "file",
    description: "seed of a user's NKey",
    defaultValue: "",
    parse: text,
  },
  {
    name: "nats-credentials-file",
    key: "natsCredentialsFile",
    placeholder: "file",
    description: "credentials (.creds) of a NATS user",
    defaultValue: "",
    parse: text,
  },
  {
    name: "nats-ca-file",
    key: "natsCaFile",
    placeholder: "file",
    description: "PEM file of who signed the certificate of NATS",
    defaultValue: "",
    parse: text,
  },
  {
    name: "nats-cert-file",
    key: "natsCertFile",
    placeholder: "file",
    description: "PEM file of this client's certificate for NATS",
    defaultValue: "",
    parse: text,
  },
  {
    name: "nats-key-file",
    key: "natsKeyFile",
    placeholder: "file",
    description: "PEM file of its key",
    defaultValue: "",
    parse: text,
  },
];
