import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { DelayLine, type Shape } from "./delay-line.js";
import { Random } from "./random.js";

/** From whoever connects to the relay, towards the target; or back. */
export type Direction = "toTarget" | "fromTarget";

const DIRECTIONS: readonly Direction[] = ["toTarget", "fromTarget"];

/** Where a relay listens and leads to, and what the way is like in both directions. */
export interface RelayOptions extends Partial<Shape> {
  readonly targetPort: number;
  readonly targetHost?: string;
  /** Default: a free one. */
  readonly listenPort?: number;
  /** Of jitter and loss. */
  readonly seed?: number;
}

/** What a relay has moved so far. */
export interface RelayCounters {
  readonly bytes: Readonly<Record<Direction, number>>;
  readonly connections: number;
  readonly openConnections: number;
  /** Connections that the relay has refused or reset. */
  readonly cutConnections: number;
}

/**
 * A TCP connection point on the loopback that behaves like a link over some distance.
 *
 * TCP loses nothing as long as a connection lives, so neither does the relay: a direction that is stalled keeps what it has, as packets
 * that are sent again would, and moves it on when it is healed. A way that is cut in one direction only looks the same to TCP: nothing
 * arrives there. Loss of packets is felt as delay, see `Shape.lossRate`.
 */
export interface Relay {
  readonly port: number;
  readonly url: string;
  /** Changes what the way is like, from now on, in one direction or both. */
  set(changes: Partial<Shape>, direction?: Direction): void;
  /** Resets every connection and refuses new ones. */
  cut(): void;
  /** Accepts, and moves nothing, in one direction or both. */
  stall(direction?: Direction): void;
  /** Ends `cut` and `stall`. */
  heal(): void;
  counters(): RelayCounters;
  close(): Promise<void>;
}

/** Ends a connection by a reset. One that is being ended already cannot be reset: libuv refuses, and Node never forgets the request. */
function resetSocket(socket: Socket): void {
  if (socket.connecting || socket.writableEnded) socket.destroy();
  else socket.resetAndDestroy();
}

interface Pair {
  readonly sockets: readonly Socket[];
  readonly lines: Readonly<Record<Direction, DelayLine>>;
}

/** Starts a relay between clients and a port of this machine. */
export async function startRelay(options: RelayOptions): Promise<Relay> {
  const { targetPort, targetHost = "127.0.0.1", listenPort = 0, seed = 1, ...shape } = options;
  const numbers = new Random(seed);
  const random = () => numbers.below(2 ** 32) / 2 ** 32;
  const whole: Shape = {
    delayMs: 0,
    jitterMs: 0,
    lossRate: 0,
    bandwidthBytesPerSecond: Number.POSITIVE_INFINITY,
    ...shape,
  };
  const ways = { toTarget: { shape: whole, freeAtMs: 0 }, fromTarget: { shape: whole, freeAtMs: 0 } };
  const stalled = { toTarget: false, fromTarget: false };
  const pairs = new Set<Pair>();
  const counts = { bytes: { toTarget: 0, fromTarget: 0 }, connections: 0, cutConnections: 0 };
  let isCut = false;

  function reset(pair: Pair): void {
    counts.cutConnections += 1;
    for (const socket of pair.sockets) resetSocket(socket);
  }

  function accept(client: Socket): void {
    client.on("error", () => undefined);
    counts.connections += 1;
    if (isCut) {
      counts.cutConnections += 1;
      resetSocket(client);
      return;
    }
    const target = connect({ port: targetPort, host: targetHost, allowHalfOpen: true });
    const line = (from: Socket, to: Socket, direction: Direction) =>
      new DelayLine(from, to, ways[direction], random, {
        onBytes: (bytes) => {
          counts.bytes[direction] += bytes;
        },
        onReset: () => reset(pair),
      });
    const pair: Pair = {
      sockets: [client, target],
      lines: { toTarget: line(client, target, "toTarget"), fromTarget: line(target, client, "fromTarget") },
    };
    pairs.add(pair);
    for (const direction of DIRECTIONS) pair.lines[direction].stall(stalled[direction]);
    // a target that is not there looks like one that is gone
    target.on("error", () => resetSocket(client));
    client.on("error", () => resetSocket(target));
    for (const [socket, other, into] of [
      [client, target, "fromTarget"],
      [target, client, "toTarget"],
    ] as const) {
      socket.setNoDelay(true);
      socket.once("close", () => {
        // what came from it before its end is still under way to the other
        pair.lines[into].close();
        if (other.closed) pairs.delete(pair);
      });
    }
  }

  const server: Server = createServer({ allowHalfOpen: true }, accept);
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(listenPort, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;

  function setStalled(directions: readonly Direction[], value: boolean): void {
    for (const direction of directions) {
      stalled[direction] = value;
      for (const { lines } of pairs) lines[direction].stall(value);
    }
  }
  function cut(): void {
    isCut = true;
    for (const pair of pairs) reset(pair);
  }

  return {
    port,
    url: `nats://127.0.0.1:${port}`,
    set: (changes, direction) => {
      for (const one of direction === undefined ? DIRECTIONS : [direction])
        ways[one].shape = { ...ways[one].shape, ...changes };
    },
    cut,
    stall: (direction) => setStalled(direction === undefined ? DIRECTIONS : [direction], true),
    heal: () => {
      isCut = false;
      setStalled(DIRECTIONS, false);
    },
    counters: () => ({ ...counts, bytes: { ...counts.bytes }, openConnections: pairs.size }),
    close: () => {
      cut();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
