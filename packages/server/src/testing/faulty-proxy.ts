import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** What becomes of a request on its way to a real store. */
export type Fault = "passes" | "hangs" | "is cut" | "breaks off" | "fails";

/** Stands before a server, and passes requests on, or not. */
export interface FaultyProxy {
  readonly endpoint: string;
  /** Decides of each request. */
  fault: (method: string, path: string) => Fault;
  /** Requests that were passed on. */
  readonly passed: string[];
  stop(): Promise<void>;
}

/** Starts one on a free port before `endpoint`. */
export async function startFaultyProxy(endpoint: string): Promise<FaultyProxy> {
  const { port: target } = new URL(endpoint);
  const passed: string[] = [];
  const server = createServer((incoming, outgoing) => {
    const { method = "", url = "" } = incoming;
    const fault = proxy.fault(method, url);
    if (fault === "hangs") return void incoming.resume();
    if (fault === "is cut") return void incoming.socket.destroy();
    if (fault === "fails") {
      incoming.resume();
      return void outgoing.writeHead(503).end();
    }
    passed.push(`${method} ${url}`);
    pass(incoming, outgoing, Number(target), fault === "breaks off");
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  const proxy: FaultyProxy = {
    endpoint: `http://127.0.0.1:${port}`,
    fault: () => "passes",
    passed,
    stop: () => {
      server.closeAllConnections();
      return new Promise((resolve) => {
        server.close(() => resolve());
      });
    },
  };
  return proxy;
}

function pass(incoming: IncomingMessage, outgoing: ServerResponse, port: number, breaksOff: boolean): void {
  const { method, url, headers } = incoming;
  // the host as it was signed
  const onward = request({ host: "127.0.0.1", port, method, path: url, headers }, (answer) => {
    outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
    if (!breaksOff) return void answer.pipe(outgoing);
    answer.once("data", (bytes: Buffer) => {
      outgoing.write(bytes.subarray(0, Math.max(1, bytes.length / 2)), () => outgoing.socket?.destroy());
      answer.destroy();
    });
  });
  onward.on("error", () => outgoing.destroy());
  incoming.pipe(onward);
}
