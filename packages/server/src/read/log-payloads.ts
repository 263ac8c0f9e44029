import type { OpLog } from "@murmuration/core";
// alone: readers start faster, and take a third less memory, without the rest of core
import { SqlitePayloadFile } from "@murmuration/core/payload-file";
import { MurmurationError } from "@murmuration/index";
import { KeptPayloads } from "./kept-payloads.js";
import type { PayloadsOf } from "./local-readers.js";
import type { StoredPayloads } from "./messages.js";

const MEBIBYTE = 1024 * 1024;

/** The payloads in a log that this thread has open. */
export function payloadsOfLog(log: Pick<OpLog, "payload">): PayloadsOf {
  return (shard) => ({
    bytesOf: (key) => {
      const bytes = log.payload(shard, key);
      if (bytes === undefined) throw new MurmurationError("corrupt", `payload ${key} of shard ${shard} is lost`);
      return bytes;
    },
  });
}

/** The payloads in the file of a log, beside the thread that writes it, and what of them this thread keeps. */
export function payloadsOfFile({ logFile, logKey, cacheMebibytes }: StoredPayloads): PayloadsOf {
  const payloads = new KeptPayloads(new SqlitePayloadFile(logFile, logKey), cacheMebibytes * MEBIBYTE);
  return (shard) => payloads.of(shard);
}
