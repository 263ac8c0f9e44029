import type { Command } from "commander";
import type { HttpClient } from "../http/http-client.js";
import type { Server } from "../transfer/server.js";
import { onOneLine } from "../transfer/tell-import.js";
import { patienceSecondsDefault, requestSecondsDefault } from "../transfer/transfer-limits.js";
import { wholeNumber } from "./numbers.js";
import { type ServerFlags, serverOf, withServerFlags } from "./server-flags.js";

/** How a command that carries points asks the server of `--url`. */
export interface TransferFlags extends ServerFlags {
  readonly retryForS: number;
  readonly timeoutS: number;
}

/** Between two words about one thing that is waited for. */
const TOLD_EVERY_MS = 30_000;

/** Says on the standard error why it is waited for: what is new at once, the same again only now and then. */
function tellWaiting(patienceSeconds: number): (why: string) => void {
  let told = "";
  let toldMs = Number.NEGATIVE_INFINITY;
  return (why) => {
    const nowMs = performance.now();
    if (why === told && nowMs - toldMs < TOLD_EVERY_MS) return;
    told = why;
    toldMs = nowMs;
    const isOverBar = process.stderr.isTTY === true;
    process.stderr.write(
      `${isOverBar ? "\r\x1b[K" : ""}waiting: ${onOneLine(why, 500)}; asked again for up to ${patienceSeconds} s (--retry-for-s)\n`,
    );
  };
}

/** The server of `--url`, and its client, which whoever asks for it closes. */
export function transferServerOf(flags: TransferFlags): Server & { readonly client: HttpClient } {
  const { url, key, client } = serverOf(flags);
  const headers: { [name: string]: string } = key === undefined ? {} : { "api-key": key };
  const { retryForS, timeoutS } = flags;
  return {
    url,
    headers,
    client,
    patienceMs: retryForS * 1000,
    timeoutMs: timeoutS * 1000,
    onWait: tellWaiting(retryForS),
  };
}

/** Adds the options by which a command that carries points reaches a running server. */
export function withTransferFlags(command: Command): Command {
  const seconds = wholeNumber(0, 86_400);
  return withServerFlags(command)
    .option(
      "--retry-for-s <n>",
      "ask a server that is busy, full or away again for so long",
      seconds,
      patienceSecondsDefault,
    )
    .option("--timeout-s <n>", "how long one request may take", wholeNumber(1, 86_400), requestSecondsDefault);
}
