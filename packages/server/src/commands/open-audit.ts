import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Logger } from "pino";
import type { AuditConfig } from "../audit-config.js";
import { AuditLog } from "../audit-log/audit-log.js";
import { AuditTrail } from "../audit-log/audit-trail.js";
import { failureInWords } from "../engine/failure-in-words.js";
import { type FolderLock, takeLock } from "../folder-lock.js";

/** So often the log of the server, which is kept elsewhere, is told the head. */
const HEAD_TOLD_EVERY_MS = 3_600_000;

/** The audit log of a server that runs. */
export interface RunningAudit {
  readonly trail: AuditTrail;
  close(): Promise<void>;
}

function toldHead({ log }: AuditTrail): object {
  const { log: id, number, hash, at, signature } = log.head;
  return { audit_log: id, n: number, hash, at, ...(signature === undefined ? {} : { signature }) };
}

/** Opens the audit log, or begins one. Throws an `Error` that names the folder where it cannot be written: nothing is to be done then that is not recorded. */
export async function openAudit(config: AuditConfig, log: Logger): Promise<RunningAudit> {
  const { folder, policy, ...options } = config;
  let lock: FolderLock | undefined;
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    lock = takeLock(join(folder, "lock"), `the audit log in ${folder}`);
    const auditLog = await AuditLog.open({
      folder,
      ...options,
      tell: (level, fields, message) => log[level](fields, message),
    });
    const trail = new AuditTrail(auditLog, policy);
    const timer = setInterval(() => log.info(toldHead(trail), "head of the audit log"), HEAD_TOLD_EVERY_MS).unref();
    return {
      trail,
      async close() {
        clearInterval(timer);
        trail.note("server.stopped", { outcome: "done" });
        await trail.close();
        log.info(toldHead(trail), "head of the audit log");
        lock?.close();
      },
    };
  } catch (error) {
    lock?.close();
    throw new Error(`the audit log in ${folder} cannot be opened: ${failureInWords(error)}`, { cause: error });
  }
}
