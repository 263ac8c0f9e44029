import type { Outgoing } from "@murmuration/core";
import { assert } from "@murmuration/index";

export const LANES = ["live", "control", "bulk"] as const;
/** How urgent a message is. */
export type Lane = (typeof LANES)[number];

interface Waiting {
  readonly message: Outgoing;
  /** Counts over all routes, so that the last of them is known. */
  readonly order: number;
}

type Lanes = Readonly<Record<Lane, Waiting[]>>;

/**
 * What waits to be sent, by route and lane, within one bound for all. Over the bound the least urgent and last is dropped and counted.
 * A route is whatever its user names so: messages of one route are sent in order, those of different routes do not wait for each other.
 */
export class SendQueue {
  readonly #routes = new Map<string, Lanes>();
  readonly #bytesMax: number;
  #bytes = 0;
  #order = 0;
  #dropped = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Messages dropped so far. */
  get dropped(): number {
    return this.#dropped;
  }

  push(route: string, message: Outgoing): void {
    let lanes = this.#routes.get(route);
    if (lanes === undefined) {
      lanes = { live: [], control: [], bulk: [] };
      this.#routes.set(route, lanes);
    }
    lanes[message.lane].push({ message, order: this.#order++ });
    this.#bytes += message.bytes.byteLength;
    while (this.#bytes > this.#bytesMax) this.#dropLast();
  }

  /** Does anything wait on a route in a lane? */
  has(route: string, lane: Lane): boolean {
    return (this.#routes.get(route)?.[lane].length ?? 0) > 0;
  }

  isEmpty(): boolean {
    return [...this.#routes.values()].every((lanes) => LANES.every((lane) => lanes[lane].length === 0));
  }

  /**
   * Takes the first messages of a lane that go to the same receiver: at least one, more as long as they fit `bytesMax` together and are no
   * more than `messagesMax`.
   */
  take(
    route: string,
    lane: Lane,
    bytesMax: number,
    bytesPerMessage = 0,
    messagesMax = Number.POSITIVE_INFINITY,
  ): readonly Outgoing[] {
    const queue = this.#routes.get(route)?.[lane] ?? [];
    const first = queue[0];
    if (first === undefined) return [];
    let count = 0;
    let bytes = 0;
    for (const { message } of queue) {
      const more = message.bytes.byteLength + bytesPerMessage;
      if (count >= messagesMax) break;
      if (count > 0 && (bytes + more > bytesMax || message.to !== first.message.to)) break;
      bytes += more;
      count += 1;
    }
    const taken = queue.splice(0, count).map(({ message }) => message);
    for (const { bytes } of taken) this.#bytes -= bytes.byteLength;
    return taken;
  }

  /** Drops what waits on a route, and counts it. */
  dropRoute(route: string): void {
    const lanes = this.#routes.get(route);
    if (lanes === undefined) return;
    for (const lane of LANES) {
      for (const { message } of lanes[lane]) this.#bytes -= message.bytes.byteLength;
      this.#dropped += lanes[lane].length;
    }
    this.#routes.delete(route);
  }

  /** Forgets everything, without counting it. */
  clear(): void {
    this.#routes.clear();
    this.#bytes = 0;
  }

  #dropLast(): void {
    for (const lane of [...LANES].reverse()) {
      let last: Waiting[] | undefined;
      for (const lanes of this.#routes.values()) {
        if ((lanes[lane].at(-1)?.order ?? -1) > (last?.at(-1)?.order ?? -1)) last = lanes[lane];
      }
      const dropped = last?.pop();
      if (dropped === undefined) continue;
      this.#bytes -= dropped.message.bytes.byteLength;
      this.#dropped += 1;
      return;
    }
    assert(false, "bytes that wait belong to a message");
  }
}
