import { Agent, request } from "node:http";
import { decodeToken, encodeToken, type SessionToken } from "@murmuration/core";

const TOKEN_HEADER = "x-murmur-token";
const CONNECTIONS_MAX = 256;

/** An answer of status 200. */
export interface ClientAnswer {
  readonly result: unknown;
  /** What it was given from. */
  readonly token: SessionToken;
}

/** Kept-alive HTTP connections to the databases. */
export class RegionClient {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS_MAX });

  /** Sends JSON, with what the answer has to cover. Rejects when the status is not 200. */
  call(address: string, method: string, path: string, body?: unknown, token?: SessionToken): Promise<ClientAnswer> {
    const text = body === undefined ? "" : JSON.stringify(body);
    const headers = {
      "content-type": "application/json",
      "content-length": Buffer.byteLength(text),
      ...(token === undefined ? {} : { [TOKEN_HEADER]: encodeToken(token) }),
    };
    return new Promise((resolve, reject) => {
      const outgoing = request(new URL(path, address), { agent: this.#agent, method, headers }, (response) => {
        let received = "";
        response.setEncoding("utf8").on("data", (chunk: string) => {
          received += chunk;
        });
        response.on("error", reject);
        response.on("end", () => {
          if (response.statusCode !== 200)
            return reject(new Error(`${method} ${path}: ${response.statusCode} ${received.slice(0, 500)}`));
          const { result } = JSON.parse(received) as { readonly result?: unknown };
          const said = response.headers[TOKEN_HEADER];
          resolve({ result, token: typeof said === "string" ? decodeToken(said, TOKEN_HEADER) : new Map() });
        });
      });
      outgoing.on("error", reject);
      outgoing.end(text);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}
