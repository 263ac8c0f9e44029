import { connect, type Socket } from "node:net";
import { until } from "../../support/until.js";
import type { WireRequest } from "./requests.js";

/** How a client is with its connection. */
export const manners = ["ends", "in pieces", "leaves", "waits", "reads nothing"] as const;

/** What one client does. */
export interface WireClient {
  readonly requests: readonly WireRequest[];
  /** `ends`: writes all, then ends the connection; `leaves`: cuts it; `waits`: for what the server makes of a request without an end. */
  readonly manner: (typeof manners)[number];
  /** Has it an answer to each request before it ends the connection? A server takes who ends it earlier for gone, as Node does. */
  readonly hearsAll: boolean;
  /** Where `leaves`, `waits` and `reads nothing` stop, as a share of all. */
  readonly share: number;
}

/** Of the answers in what came back; that of a request whose body may come now is none. */
const statusesIn = (text: string): number[] =>
  [...text.matchAll(/HTTP\/1\.1 ([2-5]\d\d) /g)].map(([, status]) => Number(status));

function write(socket: Socket, bytes: Buffer): Promise<void> {
  // a server that has closed the connection takes no more
  return new Promise((resolve) => socket.write(bytes, () => resolve()));
}

/**
 * Talks to a server on this machine until the connection is over, and returns the statuses of its answers. `over`: resolves when all others are
 * through that are well behaved.
 */
export async function talk(port: number, client: WireClient, over: Promise<unknown>): Promise<readonly number[]> {
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  let text = "";
  let isClosed = false;
  socket.on("error", () => undefined);
  socket.once("close", () => {
    isClosed = true;
  });
  const { manner, requests, share, hearsAll } = client;
  const all = Buffer.from(requests.map((request) => request.text).join(""), "latin1");
  const part = all.subarray(0, Math.floor(all.length * share));
  if (manner !== "reads nothing") {
    socket.on("data", (bytes: Buffer) => {
      text += bytes.toString("latin1");
    });
    socket.once("end", () => socket.end());
  }
  if (manner === "reads nothing") {
    socket.pause();
    socket.write(part);
    await over;
    socket.destroy();
  } else if (manner === "leaves") {
    await write(socket, part);
    socket.resetAndDestroy();
  } else if (manner === "waits") {
    await write(socket, part);
    // a request without an end follows, so that the server has to end it
    await write(
      socket,
      Buffer.from("POST /collections/docs/points/count HTTP/1.1\r\nhost: test\r\ncontent-length: 9\r\n\r\n{"),
    );
  } else {
    const step = manner === "in pieces" ? Math.max(20, Math.ceil(all.length / 50)) : all.length;
    for (let at = 0; at < all.length && !isClosed; at += step) await write(socket, all.subarray(at, at + step));
    const hasAll = () => isClosed || statusesIn(text).length >= requests.length;
    if (hearsAll) await until(hasAll, () => `answers to ${requests.length} requests: ${text.slice(0, 500)}`);
    socket.end();
  }
  await until(
    () => isClosed,
    () => `a connection (${manner}) to be over that has had: ${text.slice(0, 500)}`,
  );
  return statusesIn(text);
}
