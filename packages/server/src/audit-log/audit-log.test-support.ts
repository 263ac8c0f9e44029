import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { auditFilesIn } from "./audit-files.js";
import { AuditLog, type AuditLogOptions } from "./audit-log.js";
import { type AuditEntry, type ReadLine, readLine } from "./entry.js";

/** `closed`: what uses it until then. */
export function newFolder(closed: () => Promise<void> = async () => undefined): string {
  const folder = mkdtempSync(join(tmpdir(), "murmur-audit-"));
  after(async () => {
    await closed();
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}

const mebibyte = 1024 * 1024;

export function openLog(folder: string, options: Partial<AuditLogOptions> = {}): Promise<AuditLog> {
  return AuditLog.open({ folder, fileBytesMax: 64 * mebibyte, fileHoursMax: 24, keepDays: 0, ...options });
}

/** A line of a write. */
export function wrote(target: string): AuditEntry {
  return {
    action: "PUT /things",
    who: { by: "key", name: "tests" },
    from: "127.0.0.1",
    target,
    outcome: "done",
    status: 200,
  };
}

/** What the files of a log hold, a text each. */
export function textsIn(folder: string): string[] {
  return auditFilesIn(folder).map((name) => readFileSync(join(folder, name), "utf8"));
}

/** All whole lines of a log. */
export function linesIn(folder: string): ReadLine[] {
  return textsIn(folder)
    .flatMap((text) => text.split("\n").slice(0, -1))
    .flatMap((text) => readLine(text) ?? []);
}
