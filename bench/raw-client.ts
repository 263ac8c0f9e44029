import { connect, type Socket } from "node:net";
import { connect as connectByTls } from "node:tls";
import { wallSeconds } from "./harness.js";

/** An HTTP/1.1 request as bytes. The body is ASCII. `headers`: lines beside those that every request has. */
export function rawPost(path: string, body: unknown, headers: readonly string[] = [], method = "POST"): string {
  const text = JSON.stringify(body);
  const head = [`${method} ${path} HTTP/1.1`, "host: localhost", "content-type: application/json", ...headers];
  return `${head.join("\r\n")}\r\ncontent-length: ${text.length}\r\n\r\n${text}`;
}

/** One connection that sends a request and gives the body of its answer. */
interface RawConnection {
  /** `done` is called once the answer is there. One request at a time. */
  send(request: string, done: (body: string) => void): void;
  end(): void;
}

/** Connects; `fail` is told of a broken connection, and of a status other than 200. */
function rawConnection(
  { hostname, port, protocol }: URL,
  ready: (connection: RawConnection) => void,
  fail: (error: Error) => void,
  ca?: string,
) {
  const isSecure = protocol === "https:";
  const to = { host: hostname, port: Number(port) };
  const socket: Socket = isSecure ? connectByTls({ ...to, ...(ca === undefined ? {} : { ca }) }) : connect(to);
  socket.setNoDelay().setEncoding("latin1");
  let received = "";
  let answered: (body: string) => void = () => undefined;
  const connection: RawConnection = {
    send(request, done) {
      answered = done;
      socket.write(request);
    },
    end: () => socket.end(),
  };
  socket.on(isSecure ? "secureConnect" : "connect", () => ready(connection)).on("error", fail);
  socket.on("data", (piece) => {
    received += piece.toString();
    const bodyAt = received.indexOf("\r\n\r\n") + 4;
    if (bodyAt < 4) return;
    const length = Number(/^content-length: (\d+)/im.exec(received)?.[1]);
    if (received.length < bodyAt + length) return;
    if (!received.startsWith("HTTP/1.1 200 ")) {
      socket.destroy();
      fail(new Error(received.slice(0, 1_000)));
      return;
    }
    const body = received.slice(bodyAt);
    received = "";
    answered(body);
  });
}

/**
 * Sends so many requests over a few connections, each the next when the one before is answered, and gives the bodies of the answers to
 * `onAnswer`. It does as little as a client can, so that the server is what is measured. Rejects for a status other than 200. `ca`: PEM of who
 * signed the certificate of an address that is `https:`.
 */
export async function sendAll(
  address: URL,
  requests: readonly string[],
  count: number,
  connections: number,
  onAnswer?: (request: number, body: string) => void,
  ca?: string,
): Promise<void> {
  let next = 0;
  const run = () =>
    new Promise<void>((resolve, reject) => {
      const send = (connection: RawConnection): void => {
        const at = next++;
        if (at >= count) {
          connection.end();
          resolve();
          return;
        }
        connection.send(requests[at % requests.length] as string, (body) => {
          onAnswer?.(at % requests.length, body);
          send(connection);
        });
      };
      rawConnection(address, send, reject, ca);
    });
  await Promise.all(Array.from({ length: connections }, run));
}

/** Milliseconds of requests that were each due at a time of its own. */
export interface TimesAtRate {
  /** From when it was due to when it was answered. */
  readonly total: number[];
  /** Of it, until it was sent: what a client waits for a processor, or for a connection, is the client's. */
  readonly late: number[];
  /** Of it, from when the server had read it to when the answer was written, as the answer says. */
  readonly inServer: number[];
}

const SERVER_SECONDS = /"time":([\d.e-]+)\}$/;

/**
 * Sends requests at a fixed rate for so many seconds, whether or not earlier ones are answered, over so many connections; what finds none
 * free waits. Time counts from when a request was due: a queue that builds up counts, as it does for users.
 */
export function sendAtRate(
  address: URL,
  requests: readonly string[],
  perSecond: number,
  seconds: number,
  connections: number,
): Promise<TimesAtRate> {
  const count = Math.round(perSecond * seconds);
  const times: TimesAtRate = { total: [], late: [], inServer: [] };
  return new Promise((resolve, reject) => {
    const free: RawConnection[] = [];
    const all: RawConnection[] = [];
    const fail = (error: Error): void => {
      clearInterval(timer);
      reject(error);
    };
    let [start, next] = [Number.NaN, 0];
    const sendDue = (): void => {
      const now = wallSeconds();
      while (next < count && free.length > 0 && start + next / perSecond <= now) {
        const at = next++;
        const connection = free.pop() as RawConnection;
        const sinceDue = () => (wallSeconds() - start - at / perSecond) * 1_000;
        times.late.push(sinceDue());
        connection.send(requests[at % requests.length] as string, (body) => {
          times.total.push(sinceDue());
          times.inServer.push(Number(SERVER_SECONDS.exec(body)?.[1]) * 1_000);
          free.push(connection);
          if (times.total.length === count) {
            clearInterval(timer);
            for (const each of all) each.end();
            resolve(times);
          } else sendDue();
        });
      }
    };
    const timer = setInterval(sendDue, 1);
    for (let i = 0; i < connections; i++) {
      const ready = (connection: RawConnection): void => {
        all.push(connection);
        free.push(connection);
        if (all.length === connections) start = wallSeconds();
      };
      rawConnection(address, ready, fail);
    }
  });
}
