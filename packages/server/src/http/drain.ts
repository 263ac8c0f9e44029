import type { Readable } from "node:stream";

/**
 * Reads what is left of a body and forgets it. A client that is still sending reads no answer before it is done, and an
 * answer on a connection that is closed under it never arrives. Ends at the end of the body, at the end of the connection,
 * after `bytesMax`, or when nothing has come for `idleMs`: who has stopped sending reads.
 */
export function drain(body: Readable, bytesMax: number, idleMs: number): Promise<void> {
  return new Promise((resolve) => {
    if (body.readableEnded || body.destroyed) return resolve();
    let bytes = 0;
    const finish = () => {
      clearTimeout(timer);
      body.off("data", count).off("end", finish).off("error", finish).off("close", finish);
      resolve();
    };
    const count = (chunk: Buffer) => {
      bytes += chunk.length;
      timer.refresh();
      if (bytes <= bytesMax) return;
      body.pause();
      finish();
    };
    const timer = setTimeout(finish, idleMs);
    body.on("data", count).on("end", finish).on("error", finish).on("close", finish);
    body.resume();
  });
}
