import { connect, type Socket } from "node:net";

/** A connection, and what comes of it. */
export class RawClient {
  readonly #socket: Socket;
  #received = "";
  #onChange: () => void = () => undefined;
  isEnded = false;

  constructor(port: number) {
    this.#socket = connect(port, "127.0.0.1").setEncoding("latin1").setNoDelay();
    this.#socket.on("data", (text) => {
      this.#received += text;
      this.#onChange();
    });
    this.#socket.on("close", () => {
      this.isEnded = true;
      this.#onChange();
    });
    this.#socket.on("error", () => undefined);
  }

  send(text: string): Promise<void> {
    return new Promise((resolve) => this.#socket.write(text, "latin1", () => resolve()));
  }

  async sendInPieces(text: string, cuts: readonly number[]): Promise<void> {
    const ends = [...cuts.filter((cut) => cut < text.length).sort((a, b) => a - b), text.length];
    for (const [i, end] of ends.entries()) await this.send(text.slice(ends[i - 1] ?? 0, end));
  }

  finish(): void {
    this.#socket.end();
  }

  async #until(isDone: () => boolean): Promise<void> {
    while (!isDone() && !this.isEnded) {
      await new Promise<void>((resolve) => {
        this.#onChange = resolve;
      });
    }
  }

  /** Everything that has come and was not taken, when the connection is closed. */
  async untilEnded(): Promise<string> {
    await this.#until(() => false);
    return this.#received;
  }

  /** The next answer whole, a byte for a character; an interim one too. */
  async answer(): Promise<string> {
    const lengthNow = () => {
      const headEnd = this.#received.indexOf("\r\n\r\n");
      if (headEnd < 0) return Number.POSITIVE_INFINITY;
      const length = /^content-length: (\d+)/im.exec(this.#received.slice(0, headEnd))?.[1] ?? "0";
      return headEnd + 4 + Number(length);
    };
    await this.#until(() => this.#received.length >= lengthNow());
    const end = Math.min(lengthNow(), this.#received.length);
    const answer = this.#received.slice(0, end);
    this.#received = this.#received.slice(end);
    return answer;
  }
}

export const POINTS = "/collections/things/points";
export const PATH = `${POINTS}/query`;

export function post(body: unknown, { path = PATH, headers = [] as string[] } = {}): string {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const lines = [`POST ${path} HTTP/1.1`, "Host: localhost", "Content-Type: application/json", ...headers];
  return `${lines.join("\r\n")}\r\ncontent-length: ${Buffer.byteLength(text, "latin1")}\r\n\r\n${text}`;
}

export function get(path: string, headers: readonly string[] = []): string {
  return `${[`GET ${path} HTTP/1.1`, "Host: localhost", ...headers].join("\r\n")}\r\n\r\n`;
}

/** What says when it was given, and how long it took, stands in every answer. */
export function timeless(answer: string): string {
  const withoutTime = answer.replace(/^Date: .*$/gm, "").replace(/"time":[\d.e-]+/g, '"time":0');
  return withoutTime.replace(/^content-length: .*$/gm, "");
}

/** Makes HTTP's own parser take a request, and changes nothing else. */
export const elsewhere = "x-no-compression: 1";
