import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** What one direction of a link is like. */
export interface LinkQuality {
  /** From one end to the other. */
  readonly delayMs: number;
  /** Added to the delay, from 0 to this. Bytes stay in order: those behind wait. */
  readonly jitterMs: number;
  readonly bytesPerSecond: number;
  /**
   * Share of the segments that are lost, below 1. TCP hides a loss: the segment comes again after a timeout, which doubles with each
   * further loss, and everything behind it waits.
   */
  readonly lossRate: number;
  /** Nothing arrives; the connection stays open, and nobody is told. */
  readonly isStalled: boolean;
}

export type Direction = "there" | "back";

/** Counts since the start. */
export interface RelayCounters {
  /** Connections that were made through it. */
  readonly connections: number;
  readonly bytesThere: number;
  readonly bytesBack: number;
}

/** A TCP link that is as good or bad as it is told to be. */
export interface Relay {
  /** Port of the loopback that it listens on. */
  readonly port: number;
  /** Change one direction, or both. */
  set(changes: Partial<LinkQuality>, direction?: Direction): void;
  /** Close every connection, and every new one at once. */
  cut(): void;
  /** Take connections again, with nothing stalled or lost. */
  heal(): void;
  counters(): RelayCounters;
  close(): Promise<void>;
}

export interface RelayOptions {
  /** Port of the loopback that it leads to. */
  readonly targetPort: number;
  readonly quality?: Partial<LinkQuality>;
  readonly random?: () => number;
}

const perfect: LinkQuality = {
  delayMs: 0,
  jitterMs: 0,
  bytesPerSecond: Number.POSITIVE_INFINITY,
  lossRate: 0,
  isStalled: false,
};
/** First retransmission timeout, and the longest (RFC 6298 says a second at first; Linux takes a fifth). */
const RETRANSMIT_MS = 200;
const RETRANSMIT_MS_MAX = 5_000;
/** Bytes under way in one direction of a connection; beyond it the sender is not read. */
const UNDER_WAY_BYTES_MAX = 32 * 1024 * 1024;

interface Segment {
  readonly bytes: Buffer;
  readonly dueMs: number;
}

/** One direction of one connection: a queue of segments with the time at which each arrives. */
class Pipe {
  readonly #from: Socket;
  readonly #to: Socket;
  readonly #quality: () => LinkQuality;
  readonly #random: () => number;
  readonly #count: (bytes: number) => void;
  #queue: Segment[] = [];
  #bytes = 0;
  #lastDueMs = 0;
  /** When the line is free to take the next byte. */
  #freeMs = 0;
  #timer: NodeJS.Timeout | undefined;
  #hasEnded = false;

  constructor(
    from: Socket,
    to: Socket,
    options: { quality: () => LinkQuality; random: () => number; count: (bytes: number) => void },
  ) {
    this.#from = from;
    this.#to = to;
    this.#quality = options.quality;
    this.#random = options.random;
    this.#count = options.count;
    from.on("data", (bytes: Buffer) => this.#take(bytes));
    from.on("end", () => {
      this.#hasEnded = true;
      this.move();
    });
    to.on("drain", () => this.move());
  }

  /** Pass on what is due. */
  move(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#quality().isStalled || this.#to.destroyed) return;
    const nowMs = performance.now();
    while (this.#queue.length > 0 && !this.#to.writableNeedDrain) {
      const { bytes, dueMs } = this.#queue[0] as Segment;
      if (dueMs > nowMs) {
        this.#timer = setTimeout(() => this.move(), dueMs - nowMs);
        break;
      }
      this.#queue.shift();
      this.#bytes -= bytes.byteLength;
      this.#count(bytes.byteLength);
      this.#to.write(bytes);
    }
    if (this.#bytes < UNDER_WAY_BYTES_MAX && this.#from.isPaused()) this.#from.resume();
    if (this.#hasEnded && this.#queue.length === 0) this.#to.end();
  }

  /** Has its source said that nothing more comes? */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#queue = [];
  }

  #take(bytes: Buffer): void {
    const { delayMs, jitterMs, bytesPerSecond } = this.#quality();
    const nowMs = performance.now();
    this.#freeMs = Math.max(this.#freeMs, nowMs) + (bytes.byteLength * 1_000) / bytesPerSecond;
    const arrivesMs = this.#freeMs + delayMs + this.#random() * jitterMs + this.#retransmissionsMs();
    this.#lastDueMs = Math.max(this.#lastDueMs, arrivesMs);
    this.#queue.push({ bytes, dueMs: this.#lastDueMs });
    this.#bytes += bytes.byteLength;
    if (this.#bytes >= UNDER_WAY_BYTES_MAX) this.#from.pause();
    if (this.#timer === undefined) this.move();
  }

  #retransmissionsMs(): number {
    const { lossRate } = this.#quality();
    let waitedMs = 0;
    for (let timeoutMs = RETRANSMIT_MS; this.#random() < lossRate; timeoutMs *= 2) {
      waitedMs += Math.min(timeoutMs, RETRANSMIT_MS_MAX);
    }
    return waitedMs;
  }
}

/** Starts a relay on a free port of the loopback. */
export async function startRelay({ targetPort, quality = {}, random = Math.random }: RelayOptions): Promise<Relay> {
  const qualities = { there: { ...perfect, ...quality }, back: { ...perfect, ...quality } };
  const bytes = { there: 0, back: 0 };
  const pipes = new Set<Pipe>();
  const sockets = new Set<Socket>();
  let connections = 0;
  let isCut = false;

  const pipe = (direction: Direction, from: Socket, to: Socket): Pipe => {
    const made = new Pipe(from, to, {
      quality: () => qualities[direction],
      random,
      count: (count) => {
        bytes[direction] += count;
      },
    });
    pipes.add(made);
    return made;
  };

  const server = createServer({ allowHalfOpen: true }, (near) => {
    if (isCut) return near.destroy();
    connections++;
    const far = connect({ host: "127.0.0.1", port: targetPort, allowHalfOpen: true, noDelay: true });
    near.setNoDelay(true);
    const there = pipe("there", near, far);
    const back = pipe("back", far, near);
    const follow = (socket: Socket, other: Socket, from: Pipe, to: Pipe) => {
      sockets.add(socket);
      // what went wrong shows in the close that follows
      socket.on("error", () => undefined);
      socket.once("close", () => {
        sockets.delete(socket);
        to.end();
        pipes.delete(to);
        // what it sent before it ended is still on its way
        if (!from.hasEnded) other.destroy();
      });
    };
    follow(near, far, there, back);
    follow(far, near, back, there);
    return undefined;
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");

  const moveAll = () => {
    for (const one of pipes) one.move();
  };
  return {
    port: (server.address() as AddressInfo).port,
    set: (changes, direction) => {
      for (const one of direction === undefined ? (["there", "back"] as const) : [direction]) {
        qualities[one] = { ...qualities[one], ...changes };
      }
      moveAll();
    },
    cut: () => {
      isCut = true;
      for (const socket of sockets) socket.destroy();
    },
    heal: () => {
      isCut = false;
      for (const direction of ["there", "back"] as const) {
        qualities[direction] = { ...qualities[direction], isStalled: false, lossRate: 0 };
      }
      moveAll();
    },
    counters: () => ({ connections, bytesThere: bytes.there, bytesBack: bytes.back }),
    close: async () => {
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, "close").catch(() => undefined);
    },
  };
}
