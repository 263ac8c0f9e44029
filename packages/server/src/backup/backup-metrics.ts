import type { OtherMetric } from "../metrics.js";
import type { BackupCounts } from "./backups-report.js";

const inSeconds = (ms: number | undefined) => (ms ?? 0) / 1000;

/** What is told of backups and drills. */
export function backupMetrics({ lastMs, failures, drills, shipping }: BackupCounts): OtherMetric[] {
  const gauge = (name: string, help: string, value: number) => ({ name, help, value, isTotal: false });
  const total = (name: string, help: string, value: number) => ({ name, help, value, isTotal: true });
  const made = "when the last backup was made, seconds since 1970; 0: none is known";
  const drilled = "when a drill last restored a backup to equal digests, seconds since 1970; 0: not since the start";
  return [
    gauge("murmur_backup_last_seconds", made, inSeconds(lastMs)),
    total("murmur_backup_failures_total", "backups that failed", failures),
    ...(shipping.everyMinutes === 0
      ? []
      : [total("murmur_log_shipping_failures_total", "times that operations could not be sent", shipping.failures)]),
    ...(drills.everyMinutes === 0
      ? []
      : [
          gauge("murmur_drill_last_seconds", drilled, inSeconds(drills.last?.atMs)),
          total("murmur_drill_failures_total", "drills that failed", drills.failures),
        ]),
  ];
}
