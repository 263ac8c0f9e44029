import { Agent, request } from "node:http";
import { median, wallSeconds } from "../harness.js";

/** Heavy answers have connections of their own, so that no small request waits for one in the client. */
const agent = new Agent({ keepAlive: true, maxSockets: 32 });

/** Sends a body as it is and counts the answer's bytes without reading them: what a client does with them is not measured. */
export function bytesOf(
  { hostname, port }: URL,
  method: string,
  path: string,
  body: string,
): Promise<{ readonly status: number; readonly bytes: number }> {
  return new Promise((resolve, reject) => {
    const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(body) };
    const outgoing = request({ agent, hostname, port, method, path, headers }, (response) => {
      let bytes = 0;
      response.on("data", (chunk: Buffer) => {
        bytes += chunk.length;
      });
      response.on("error", reject);
      response.on("end", () => resolve({ status: response.statusCode ?? 0, bytes }));
    });
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}

const EMPTY_REQUESTS = 500;

/** What a request that asks for nothing takes, in the middle: the part of a time that is the way through HTTP. */
export async function emptyRequestMs(address: URL): Promise<number> {
  const times: number[] = [];
  for (let at = 0; at < EMPTY_REQUESTS; at++) {
    const start = wallSeconds();
    await bytesOf(address, "GET", "/healthz", "");
    times.push((wallSeconds() - start) * 1_000);
  }
  return median(times);
}
