import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { pipeline } from "node:stream";
import { createGunzip } from "node:zlib";
import { type AskingTls, askingOptions } from "../tls-config.js";

/** What another server is asked. */
export interface Question {
  readonly method: string;
  readonly headers: { readonly [name: string]: string };
  readonly body?: string | Uint8Array | undefined;
  readonly signal: AbortSignal;
  /** Of the answer; a longer one is none. */
  readonly bytesMax: number;
}

/** What it answers. */
export interface HttpAnswer {
  readonly statusCode: number;
  readonly headers: IncomingMessage["headers"];
  readonly body: Buffer;
}

const SOCKETS_MAX = 64;

/** Asks other servers over HTTP, and by TLS 1.3 where their address says so. It follows nowhere. */
export class HttpClient {
  readonly #http = new HttpAgent({ keepAlive: true, maxSockets: SOCKETS_MAX });
  #https: HttpsAgent;

  constructor(tls: AskingTls = {}) {
    this.#https = this.#agent(tls);
  }

  #agent(tls: AskingTls): HttpsAgent {
    return new HttpsAgent({ keepAlive: true, maxSockets: SOCKETS_MAX, ...askingOptions(tls) });
  }

  /** Other certificates for the connections from now on. */
  replace(tls: AskingTls): void {
    const before = this.#https;
    this.#https = this.#agent(tls);
    for (const sockets of Object.values(before.freeSockets)) for (const socket of sockets ?? []) socket.destroy();
  }

  /** Rejects when there is no answer: nobody listens, nobody that is believed, the signal, or an answer that is too long. */
  async ask(url: string, { method, headers, body, signal, bytesMax }: Question): Promise<HttpAnswer> {
    const isSecure = new URL(url).protocol === "https:";
    const bytes = typeof body === "string" ? Buffer.from(body) : body;
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const length = bytes === undefined ? {} : { "content-length": String(bytes.length) };
      const options = { method, headers: { "accept-encoding": "gzip", ...headers, ...length }, signal };
      const asked = isSecure
        ? httpsRequest(url, { ...options, agent: this.#https })
        : httpRequest(url, { ...options, agent: this.#http });
      asked.once("response", resolve).once("error", reject).end(bytes);
    });
    const chunks: Uint8Array[] = [];
    let length = 0;
    try {
      for await (const chunk of decoded(response)) {
        length += (chunk as Uint8Array).byteLength;
        if (length > bytesMax) throw new Error(`the answer is longer than ${bytesMax} bytes`);
        chunks.push(chunk as Uint8Array);
      }
    } finally {
      if (!response.complete) response.destroy();
    }
    return { statusCode: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) };
  }

  close(): void {
    this.#http.destroy();
    this.#https.destroy();
  }
}

function decoded(response: IncomingMessage): AsyncIterable<unknown> {
  if (response.headers["content-encoding"] !== "gzip") return response;
  return pipeline(response, createGunzip(), () => undefined);
}
