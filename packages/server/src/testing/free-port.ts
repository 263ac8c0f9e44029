import { createServer } from "node:net";

/**
 * Ports below those that operating systems give to connections (from 32,768 on Linux, from 49,152 elsewhere): one of those may be taken by any
 * connection to the loopback between now and when somebody listens there, or listens again.
 */
const FIRST = 10_000;
const COUNT = 22_000;
/** Test files run beside each other: each begins elsewhere. */
const PROCESSES_APART = 97;
let next = process.pid * PROCESSES_APART;

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) =>
      error.code === "EADDRINUSE" ? resolve(false) : reject(error),
    );
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}

/** A port of the loopback that nobody listens on, and that was not given before in this process. */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < COUNT; tries++) {
    const port = FIRST + (next++ % COUNT);
    if (await isFree(port)) return port;
  }
  throw new Error("no port is free");
}
