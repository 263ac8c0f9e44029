import { connect } from "node:net";

/** An HTTP/1.1 request as bytes. The body is ASCII. */
export function rawPost(path: string, body: unknown): string {
  const text = JSON.stringify(body);
  const head = [`POST ${path} HTTP/1.1`, "host: localhost", "content-type: application/json"];
  return `${head.join("\r\n")}\r\ncontent-length: ${text.length}\r\n\r\n${text}`;
}

/**
 * Sends so many requests over a few connections, each the next when the one before is answered, and gives the bodies of the answers to
 * `onAnswer`. It does as little as a client can, so that the server is what is measured. Rejects for a status other than 200.
 */
export async function sendAll(
  { hostname, port }: URL,
  requests: readonly string[],
  count: number,
  connections: number,
  onAnswer?: (request: number, body: string) => void,
): Promise<void> {
  let next = 0;
  const run = () =>
    new Promise<void>((resolve, reject) => {
      const socket = connect(Number(port), hostname).setNoDelay().setEncoding("latin1");
      let received = "";
      let at = 0;
      const send = () => {
        at = next++;
        if (at >= count) socket.end(resolve);
        else socket.write(requests[at % requests.length] as string);
      };
      socket.on("connect", send).on("error", reject);
      socket.on("data", (piece: string) => {
        received += piece;
        const bodyAt = received.indexOf("\r\n\r\n") + 4;
        if (bodyAt < 4) return;
        const length = Number(/^content-length: (\d+)/im.exec(received)?.[1]);
        if (received.length < bodyAt + length) return;
        if (!received.startsWith("HTTP/1.1 200 ")) {
          socket.destroy();
          reject(new Error(received.slice(0, 1_000)));
          return;
        }
        onAnswer?.(at % requests.length, received.slice(bodyAt));
        received = "";
        send();
      });
    });
  await Promise.all(Array.from({ length: connections }, run));
}
