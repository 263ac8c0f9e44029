import { createPrivateKey, type KeyObject } from "node:crypto";
import { join } from "node:path";

/** The options of the audit log as they are given; "" where one is not. */
export interface AuditSettings {
  /** "on", or a folder. */
  readonly auditLog: string;
  readonly auditReads: boolean;
  readonly auditFileMebibytes: number;
  readonly auditFileHours: number;
  /** 0: all are kept. */
  readonly auditKeepDays: number;
  readonly auditHeadFile: string;
  readonly auditKeyFile: string;
  /** "refuse" or "continue". */
  readonly auditOnFailure: string;
}

/** The audit log as configured. */
export interface AuditConfig {
  readonly folder: string;
  readonly fileBytesMax: number;
  readonly fileHoursMax: number;
  readonly keepDays: number;
  readonly headFiles: readonly string[];
  readonly signingKey?: KeyObject;
  readonly policy: { readonly reads: boolean; readonly onFailure: "refuse" | "continue" };
}

const mebibyte = 1024 * 1024;

function signingKeyOf(file: string, readFile: (path: string) => string): KeyObject {
  try {
    const key = createPrivateKey(readFile(file));
    if (key.asymmetricKeyType === "ed25519") return key;
    throw new Error("must be a key of Ed25519");
  } catch (error) {
    throw new Error(`--audit-key-file ${file}: ${(error as Error).message}`);
  }
}

/** How the audit log is kept; `undefined`: there is none. Throws an `Error` that says what does not fit together. */
export function auditOf(
  settings: AuditSettings & { readonly data: string },
  readFile: (path: string) => string,
): AuditConfig | undefined {
  const { auditLog, auditReads, auditHeadFile, auditKeyFile, auditOnFailure } = settings;
  if (auditLog === "") {
    if (auditReads) throw new Error("--audit-reads needs --audit-log");
    if (auditHeadFile !== "") throw new Error("--audit-head-file needs --audit-log");
    if (auditKeyFile !== "") throw new Error("--audit-key-file needs --audit-log");
    return undefined;
  }
  return {
    folder: auditLog === "on" ? join(settings.data, "audit") : auditLog,
    fileBytesMax: settings.auditFileMebibytes * mebibyte,
    fileHoursMax: settings.auditFileHours,
    keepDays: settings.auditKeepDays,
    headFiles: auditHeadFile === "" ? [] : [auditHeadFile],
    ...(auditKeyFile === "" ? {} : { signingKey: signingKeyOf(auditKeyFile, readFile) }),
    policy: { reads: auditReads, onFailure: auditOnFailure === "continue" ? "continue" : "refuse" },
  };
}
