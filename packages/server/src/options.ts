import { availableParallelism } from "node:os";
import { accessOptions } from "./access-options.js";
import { auditOptions } from "./audit-options.js";
import { backupOptions } from "./backup-options.js";
import {
  liveQueriesMaxDefault,
  streamBufferMebibytesDefault,
  streamClientsMaxDefault,
} from "./changes/change-limits.js";
import { clusterOptions } from "./cluster-options.js";
import { encryptionOptions } from "./encryption-options.js";
import { type CopiesPolicy, copiesPolicies } from "./erasure/copies-policy.js";
import {
  bodyBytesInFlightMebibytesDefault,
  bodyLimitMebibytesDefault,
  connectionsMaxDefault,
  readTimeoutSecondsDefault,
  requestTimeoutMsDefault,
} from "./http/http-limits.js";
import { parseOrigins } from "./http/origins.js";
import { integerFrom, type OptionRow, text } from "./option-row.js";
import { payloadCacheMebibytesDefault, payloadCacheMebibytesMax } from "./read/read-limits.js";
import { memoryLimitMebibytesDefault } from "./threads/machine-memory.js";
import { LISTENERS_MAX, PLANNERS_MAX, READERS_MAX } from "./threads/thread-places.js";
import { tracingOptions } from "./tracing-options.js";

const logLevels = ["trace", "debug", "info", "warn", "error", "fatal", "silent"];

function logLevel(value: string): string {
  if (logLevels.includes(value)) return value;
  throw new Error(`must be one of ${logLevels.join(", ")}`);
}

function copiesPolicy(value: string): CopiesPolicy {
  const policy = copiesPolicies.find((one) => one === value);
  if (policy !== undefined) return policy;
  throw new Error(`must be one of ${copiesPolicies.join(", ")}`);
}

function onOff(value: string): "on" | "off" {
  if (value === "on" || value === "off") return value;
  throw new Error("must be on or off");
}

const dayMs = 86_400_000;

/** Every option, in the order of the help: the only place where they are defined, with those that it puts together. */
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
    name: "slow-query-ms",
    key: "slowQueryMs",
    placeholder: "ms",
    description: "log requests on collections that take longer, with plan, counts and times; 0 logs none",
    defaultValue: 0,
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
    name: "stream-clients-max",
    key: "streamClientsMax",
    placeholder: "number",
    description: "clients that follow changes at a time, live queries included; those beyond are refused with 503",
    defaultValue: streamClientsMaxDefault,
    parse: integerFrom(0, 100_000),
  },
  {
    name: "live-queries-max",
    key: "liveQueriesMax",
    placeholder: "number",
    description: "live queries at a time; those beyond are refused with 503",
    defaultValue: liveQueriesMaxDefault,
    parse: integerFrom(0, 100_000),
  },
  {
    name: "stream-buffer-mib",
    key: "streamBufferMebibytes",
    placeholder: "MiB",
    description: "a client that follows changes and has not read so much is ended",
    defaultValue: streamBufferMebibytesDefault,
    parse: integerFrom(1, 1_024),
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
    name: "dashboard",
    key: "dashboard",
    placeholder: "on|off",
    description: "serve the dashboard at /dashboard: its files need no key, what it shows does",
    defaultValue: "on",
    parse: onOff,
  },
  ...accessOptions,
  ...encryptionOptions,
  ...auditOptions,
  ...tracingOptions,
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
      "threads that take connections beside the main one and answer small reads whole; by default one less than there are processors on Linux, else none",
    defaultValue: process.platform === "linux" ? Math.min(availableParallelism() - 1, LISTENERS_MAX) : 0,
    parse: integerFrom(0, LISTENERS_MAX),
  },
  {
    name: "payload-cache-mib",
    key: "payloadCacheMebibytes",
    placeholder: "MiB",
    description: "payloads that each reader and each listener keeps of those that it has read; 0 keeps none",
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
    description:
      "write images of the graphs after so many operations at the latest, so that a start has less to replay",
    defaultValue: 50_000,
    parse: integerFrom(1, 1_000_000_000),
  },
  ...backupOptions,
  {
    name: "erasure-copies",
    key: "erasureCopies",
    placeholder: "policy",
    description: "what becomes of snapshots and backups that may hold what is erased: replace, delete, or keep",
    defaultValue: "replace",
    parse: copiesPolicy,
  },
  {
    name: "shutdown-timeout-ms",
    key: "shutdownTimeoutMs",
    placeholder: "ms",
    description: "time that requests in flight have to finish on shutdown",
    defaultValue: 10_000,
    parse: integerFrom(0, dayMs),
  },
  ...clusterOptions,
];
