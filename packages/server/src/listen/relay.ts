import { Agent, type ClientRequest, type IncomingMessage, request as requestOf, type ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { relayedAddressHeader } from "../http/client-address.js";
import { errorEnvelope } from "../http/envelope.js";

/** Connections that are kept when nothing is passed on. */
const FREE_CONNECTIONS_MAX = 64;

/** Fields that are about a connection, not about what comes over it. Each side has its own. */
const ofConnections: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "expect",
  "upgrade",
]);

/** What a client says under these names is not said on. */
const ownOfThreads: ReadonlySet<string> = new Set(["connection", relayedAddressHeader]);

/** Names and values in turns, but for what is about the connection; that it ends is told on. */
function passedOn(rawHeaders: readonly string[]): string[] {
  const headers: string[] = [];
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const [name, value] = [rawHeaders[i] as string, rawHeaders[i + 1] as string];
    const ends = name.toLowerCase() === "connection" && value.toLowerCase() === "close";
    if (ends || !ofConnections.has(name.toLowerCase())) headers.push(name, value);
  }
  return headers;
}

/** The headers of a request for the thread that answers it: it does not hear whether the client stays connected. */
function headersOf({ method, headers, rawHeaders, socket }: IncomingMessage): string[] {
  const own = passedOn(rawHeaders.filter((_, i) => !ownOfThreads.has(rawHeaders[i - (i % 2)]?.toLowerCase() ?? "")));
  if (socket.remoteAddress !== undefined) own.push(relayedAddressHeader, socket.remoteAddress);
  const hasLength = headers["content-length"] !== undefined || headers["transfer-encoding"] !== undefined;
  // else Node would send the body that is not there in chunks
  if (!hasLength && method !== undefined && ["POST", "PUT", "PATCH"].includes(method)) own.push("content-length", "0");
  // HTTP/1.0 asks for none
  if (headers.host === undefined) own.push("host", "");
  return own;
}

function answerUnavailable(response: ServerResponse): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const body = JSON.stringify(errorEnvelope("Service unavailable: the server is stopping", 0));
  const headers = ["content-type", "application/json; charset=utf-8", "content-length", String(body.length)];
  response.writeHead(503, [...headers, "connection", "close"]).end(body);
}

/**
 * Of a request that was answered before it had come: the rest is read and forgotten, so that the client's next request is reached. Node's client does not write on
 * behind an answer once it had to wait, and the connection would wait for good.
 */
function leaveRest(request: IncomingMessage, onward: ClientRequest): void {
  request.unpipe(onward);
  request.resume();
  onward.destroy();
}

/** Passes requests on to the thread that can answer all of them, and its answers back, as they are. */
export class Relay {
  readonly #agent: Agent;

  /** `connect`: a new connection to that thread. */
  constructor(connect: () => Duplex) {
    this.#agent = Object.assign(new Agent({ keepAlive: true, maxFreeSockets: FREE_CONNECTIONS_MAX }), {
      createConnection: connect,
    });
  }

  pass(request: IncomingMessage, response: ServerResponse): void {
    const { method, url: path } = request;
    let isAnswered = false;
    const onward = requestOf({ agent: this.#agent, method, path, headers: headersOf(request), setHost: false });
    onward.on("response", (answer) => {
      const { statusCode = 500, statusMessage } = answer;
      response.writeHead(statusCode, statusMessage, passedOn(answer.rawHeaders));
      answer.on("error", () => response.destroy());
      answer.on("end", () => {
        isAnswered = true;
        if (!onward.writableEnded) leaveRest(request, onward);
      });
      answer.pipe(response);
    });
    onward.on("error", () => {
      if (!isAnswered) answerUnavailable(response);
    });
    response.on("close", () => {
      // the client is gone: nobody is to work for it
      if (!response.writableFinished) onward.destroy();
    });
    request.on("error", () => undefined);
    request.pipe(onward);
  }

  close(): void {
    this.#agent.destroy();
  }
}
