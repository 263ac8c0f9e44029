import { totalmem } from "node:os";

const MEBIBYTE = 1024 * 1024;
/** The rest is for garbage, for what reads need for a moment, and for the system's cache of what is on disk. */
const SHARE = 0.7;

/** How much data is held in memory if nobody says otherwise, in MiB: a share of what the machine, or the control group of this process, has. */
export function memoryLimitMebibytesDefault(): number {
  const bound = process.constrainedMemory();
  const bytes = bound > 0 ? Math.min(bound, totalmem()) : totalmem();
  return Math.floor((SHARE * bytes) / MEBIBYTE);
}
