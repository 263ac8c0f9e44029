import type { Outgoing, Transport } from "@murmuration/core";
import type { TransportsUnderTest } from "@murmuration/core/conformance";
import { connectNatsTransport, type NatsTransport, type NatsTransportOptions } from "@murmuration/server/nats";
import { type NatsServer, startNatsServer } from "../support/nats.js";
import { until } from "../support/until.js";

/** A stream takes its room from the server's when it is made, and there is one for every test. */
const STREAM_BYTES_MAX = 8 * 1024 * 1024;
const MARK = "\0settle ";

/**
 * A transport that can tell when what was sent before has arrived: marks follow it on every way to every other transport. They are kept
 * from the taker and from the counters.
 */
class MarkedTransport implements Transport {
  readonly inner: NatsTransport;
  readonly marks = new Set<string>();
  #sentMarks = 0;
  #take: ((bytes: Uint8Array, sender: number) => void) | undefined;

  constructor(inner: NatsTransport) {
    this.inner = inner;
    inner.onMessage((bytes, sender) => {
      const text = bytes.byteLength < 64 ? Buffer.from(bytes).toString("latin1") : "";
      if (text.startsWith(MARK)) this.marks.add(text);
      else this.#take?.(bytes, sender);
    });
  }

  mark(text: string, to: number | undefined, lane: Outgoing["lane"]): string {
    const mark = `${MARK}${text} ${to} ${lane}`;
    this.#sentMarks += 1;
    this.inner.send([{ to, lane, bytes: Buffer.from(mark, "latin1") }]);
    return mark;
  }

  send(outgoing: readonly Outgoing[]): void {
    this.inner.send(outgoing);
  }

  onMessage(take: (bytes: Uint8Array, sender: number) => void): void {
    this.#take = take;
  }

  counters() {
    const { sentMessages, droppedMessages, queuedBytes } = this.inner.counters();
    return { sentMessages: sentMessages - this.#sentMarks, droppedMessages, queuedBytes };
  }

  close(): void {
    this.inner.close();
  }
}

/** How the replicas of a conformance test are spread over servers. */
export type Placement = "one server" | "a server each";

/** A network of real servers for the conformance suite. */
export async function natsTransports(
  placement: Placement,
  servers: readonly NatsServer[],
  cluster: string,
): Promise<TransportsUnderTest> {
  const queueBytesMax = 512 * 1024;
  const transports = new Map<number, MarkedTransport>();
  const seats = new Map<number, number>();
  let rounds = 0;

  function optionsFor(id: number): NatsTransportOptions {
    const base = { cluster, replicaId: id, queueBytesMax, streamBytesMax: STREAM_BYTES_MAX };
    const address = (seat: number) => ({ servers: [(servers[seat] as NatsServer).url] });
    if (placement === "one server") return { ...base, region: "here", own: address(0) };
    const seat = seats.get(id) ?? seats.size;
    seats.set(id, seat);
    const peers = servers
      .map((_, other) => ({ region: `region ${other}`, ...address(other) }))
      .filter((_, other) => other !== seat);
    return { ...base, region: `region ${seat}`, own: address(seat), peers };
  }

  /** Until a mark from each to each other, on each way, has arrived. */
  async function settleOnce(): Promise<void> {
    rounds += 1;
    const open = [...transports];
    await until(() => open.every(([, { inner }]) => inner.counters().queuedBytes === 0), "the queues are empty");
    const expected: (readonly [MarkedTransport, string])[] = [];
    for (const [id, sender] of open) {
      const others = open.filter(([other]) => other !== id);
      for (const lane of ["live", "control", "bulk"] as const) {
        const toAll = sender.mark(`${rounds} ${id}`, undefined, lane);
        for (const [other, receiver] of others)
          expected.push([receiver, toAll], [receiver, sender.mark(`${rounds} ${id}`, other, lane)]);
      }
    }
    await until(
      () => expected.every(([receiver, mark]) => receiver.marks.has(mark)),
      () => `marks ${expected.filter(([receiver, mark]) => !receiver.marks.has(mark)).map(([, mark]) => mark)}`,
    );
  }

  return {
    queueBytesMax,
    keepsOrder: true,
    connect: async (id) => {
      transports.get(id)?.close();
      const transport = new MarkedTransport(await connectNatsTransport(optionsFor(id)));
      await until(() => transport.inner.isReady(), "a transport connects");
      const close = transport.close.bind(transport);
      transport.close = () => {
        close();
        if (transports.get(id) === transport) transports.delete(id);
      };
      transports.set(id, transport);
      return transport;
    },
    settle: async () => {
      // the second round follows what was sent while the first was under way
      await settleOnce();
      await settleOnce();
    },
    dispose: () => {
      for (const transport of [...transports.values()]) transport.close();
    },
  };
}

/** Servers for a test file, started together. */
export function startServers(count: number): Promise<NatsServer[]> {
  return Promise.all(Array.from({ length: count }, () => startNatsServer()));
}
