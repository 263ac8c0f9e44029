import { setPriority } from "node:os";
import { parentPort, workerData } from "node:worker_threads";
import { SqliteOpLog } from "@murmuration/core";
import { assert } from "@murmuration/index";
import type { FollowerMessage } from "../engine/follower.js";
import { READER_NICE } from "../read/read-limits.js";
import { ChangesHost } from "./changes-host.js";
import type { ChangesReply, ChangesRequest, ChangesThreadStart } from "./messages.js";

// The thread that reads the log for whoever follows changes.

assert(parentPort !== null, "this file is a worker");
const port = parentPort;
// Writes and brief reads go before it. Only Linux has a priority for each thread.
if (process.platform === "linux") setPriority(0, READER_NICE);
const { log: file, followed, ...start } = workerData as ChangesThreadStart;

const TOGETHER_BYTES = 1024 * 1024;
/** What is said in one turn goes together, unless it is much. */
let said: ChangesReply[] = [];
let given: ArrayBuffer[] = [];
let bytes = 0;
const log = new SqliteOpLog(file.file, { readOnly: true, key: file.key });
const host = new ChangesHost(log, start, (reply, transfer = []) => {
  if (said.length === 0) setImmediate(send);
  said.push(reply);
  given.push(...transfer);
  for (const buffer of transfer) bytes += buffer.byteLength;
  if (bytes >= TOGETHER_BYTES) send();
});

function send(): void {
  const [replies, buffers] = [said, given];
  if (replies.length === 0) return;
  said = [];
  given = [];
  bytes = 0;
  port.postMessage(replies, buffers);
}

followed.on("message", ({ changes }: FollowerMessage) => host.followed(changes));
// the engine is gone, and the process with it
followed.on("close", () => {
  host.close();
  log.close();
  port.close();
});
port.on("message", (request: ChangesRequest) => host.take(request));
