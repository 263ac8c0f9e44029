import { connect, type Socket } from "node:net";
import { wallSeconds } from "./harness.js";

/** An HTTP/1.1 request as bytes. The body is ASCII. */
export function rawPost(path: string, body: unknown): string {
  const text = JSON.stringify(body);
  const head = [`POST ${path} HTTP/1.1`, "host: localhost", "content-type: application/json"];
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
  { hostname, port }: URL,
  ready: (connection: RawConnection) => void,
  fail: (error: Error) => void,
) {
  const socket: Socket = connect(Number(port), hostname).setNoDelay().setEncoding("latin1");
  let received = "";
  let answered: (body: string) => void = () => undefined;
  const connection: RawConnection = {
    send(request, done) {
      answered = done;
      socket.write(request);
    },
    end: () => socket.end(),
  };
  socket.on("connect", () => ready(connection)).on("error", fail);
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
 * `onAnswer`. It does as little as a client can, so that the server is what is measured. Rejects for a status other than 200.
 */
export async function sendAll(
  address: URL,
  requests: readonly string[],
  count: number,
  connections: number,
  onAnswer?: (request: number, body: string) => void,
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
      rawConnection(address, send, reject);
    });
  await Promise.all(Array.from({ length: connections }, run));
}

/**
 * Sends requests at a fixed rate for so many seconds, whether or not earlier ones are answered, over so many connections; what finds none
 * free waits. Resolves to the milliseconds from when each was due to when it was answered: a queue that builds up counts, as it does for users.
 */
export function sendAtRate(
  address: URL,
  requests: readonly string[],
  perSecond: number,
  seconds: number,
  connections: number,
): Promise<number[]> {
  const count = Math.round(perSecond * seconds);
  const latencies: number[] = [];
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
        connection.send(requests[at % requests.length] as string, () => {
          latencies.push((wallSeconds() - start - at / perSecond) * 1_000);
          free.push(connection);
          if (latencies.length === count) {
            clearInterval(timer);
            for (const each of all) each.end();
            resolve(latencies);
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
