import type { AccessSettings } from "./access-config.js";
import type { AuditSettings } from "./audit-config.js";
import type { BackupSettings } from "./backup-config.js";
import type { ClusterSettings } from "./cluster-config.js";
import type { EncryptionSettings } from "./encryption-config.js";
import type { CopiesPolicy } from "./erasure/copies-policy.js";
import type { TlsSettings } from "./tls-config.js";

/** What options of the server itself are set to, by their keys. */
export interface ServerSettings {
  readonly host: string;
  readonly port: number;
  readonly data: string;
  readonly logLevel: string;
  readonly slowRequestMs: number;
  /** 0: none are. */
  readonly slowQueryMs: number;
  /** "": nothing is traced. */
  readonly otlpEndpoint: string;
  /** 0 to 1. */
  readonly otlpSample: number;
  /** "": none. */
  readonly otlpHeadersFile: string;
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
  /** Who follows changes, live queries among them. */
  readonly streamClientsMax: number;
  readonly liveQueriesMax: number;
  /** Of each of them. */
  readonly streamBufferMebibytes: number;
  /** Separated by spaces; "": only pages on this machine. */
  readonly corsOrigins: string;
  readonly dashboard: "on" | "off";
  readonly shutdownTimeoutMs: number;
  readonly planners: number;
  readonly readers: number;
  readonly listeners: number;
  readonly payloadCacheMebibytes: number;
  readonly memoryLimitMebibytes: number;
  /** Operations. */
  readonly imageInterval: number;
  readonly backupKeep: number;
  /** What becomes of copies that may hold what is erased. */
  readonly erasureCopies: CopiesPolicy;
}

/** What every option is set to, by its key. */
export type Settings = ServerSettings &
  BackupSettings &
  ClusterSettings &
  AccessSettings &
  TlsSettings &
  EncryptionSettings &
  AuditSettings;

/** What an option may be set to. */
export type ConfigValue = string | number | boolean;

/** One option, wherever it is given. */
export interface OptionRow {
  /** Flag without its dashes, and key in a configuration file. */
  readonly name: string;
  readonly key: keyof Settings;
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

export function integerFrom(minimum: number, maximum: number) {
  return (text: string): number => {
    const value = Number(text);
    if (/^\d{1,15}$/.test(text) && value >= minimum && value <= maximum) return value;
    throw new Error(`must be an integer from ${minimum} to ${maximum}`);
  };
}

export function text(value: string): string {
  if (value.length > 0) return value;
  throw new Error("must not be empty");
}

export function onOrOff(value: string): boolean {
  if (value === "true" || value === "false") return value === "true";
  throw new Error("must be true or false");
}
