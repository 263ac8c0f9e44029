import { connect, type Socket } from "node:net";

const DATA = Buffer.from('data: {"dot":"');
const ID = Buffer.from("\nid: ");
const END = Buffer.from("\n\n");
const LINE = 10;
const QUOTE = 34;
const COLON = 58;
const COME_AGAIN_MS = 100;

/** Somebody who follows changes, on a bare connection: it counts each operation of one origin by its number, and comes back when its connection is lost. */
export class Follower {
  readonly #path: string;
  readonly #address: () => URL;
  /** By sequence: how often it was seen. */
  #seen = new Uint8Array(1 << 16);
  #rest: Buffer = Buffer.alloc(0);
  #socket: Socket | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isOver = false;
  lastId = "";
  operations = 0;
  twice = 0;
  bytes = 0;
  connections = 0;
  refused = 0;

  constructor(path: string, address: () => URL) {
    this.#path = path;
    this.#address = address;
    this.#connect();
  }

  /** Was the operation of this number seen? */
  has(sequence: number): boolean {
    return this.#seen[sequence] === 1;
  }

  close(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
    this.#socket?.destroy();
  }

  #connect(): void {
    const { hostname, port } = this.#address();
    const socket = connect({ host: hostname, port: Number(port) });
    this.#socket = socket;
    this.#rest = Buffer.alloc(0);
    socket.on("connect", () => {
      const last = this.lastId === "" ? "" : `last-event-id: ${this.lastId}\r\n`;
      socket.write(`GET ${this.#path} HTTP/1.1\r\nhost: localhost\r\n${last}\r\n`);
    });
    let isFirst = true;
    socket.on("data", (piece) => {
      if (isFirst && !piece.subarray(0, 12).equals(Buffer.from("HTTP/1.1 200"))) this.refused += 1;
      else if (isFirst) this.connections += 1;
      isFirst = false;
      this.#read(piece);
    });
    socket.on("error", () => undefined);
    socket.on("close", () => {
      if (!this.#isOver) this.#timer = setTimeout(() => this.#connect(), COME_AGAIN_MS);
    });
  }

  /** What stands between events, the lengths of chunks, is in no line that is looked for. */
  #read(piece: Buffer): void {
    this.bytes += piece.length;
    const whole = this.#rest.length === 0 ? piece : Buffer.concat([this.#rest, piece]);
    const end = whole.lastIndexOf(END);
    if (end < 0) {
      this.#rest = whole;
      return;
    }
    this.#rest = whole.subarray(end + 2);
    let at = whole.indexOf(DATA);
    for (; at >= 0 && at < end; at = whole.indexOf(DATA, at)) {
      at += DATA.length;
      while (whole[at] !== COLON) at += 1;
      let sequence = 0;
      for (at += 1; whole[at] !== QUOTE; at += 1) sequence = sequence * 10 + (whole[at] as number) - 48;
      this.#note(sequence);
    }
    const id = whole.lastIndexOf(ID, end);
    if (id >= 0) this.lastId = whole.toString("latin1", id + ID.length, whole.indexOf(LINE, id + ID.length));
  }

  #note(sequence: number): void {
    if (sequence >= this.#seen.length) {
      const larger = new Uint8Array(2 * Math.max(sequence, this.#seen.length));
      larger.set(this.#seen);
      this.#seen = larger;
    }
    const before = this.#seen[sequence] as number;
    if (before > 0) this.twice += 1;
    else this.operations += 1;
    this.#seen[sequence] = Math.min(255, before + 1);
  }
}
