import { Counter, Gauge, Registry } from "prom-client";
import type { StreamCounts } from "./change-streams.js";

/** What is counted of change streams and live queries, as Prometheus reads it. */
export class StreamMetrics {
  readonly #registry = new Registry();
  readonly #counts: () => StreamCounts;

  constructor(counts: () => StreamCounts) {
    this.#counts = counts;
    const gauge = (name: string, help: string, read: (counts: StreamCounts) => number) =>
      new Gauge({
        name,
        help,
        registers: [this.#registry],
        collect: function () {
          this.set(read(counts()));
        },
      });
    const totals = (name: string, help: string, read: (counts: StreamCounts) => number) =>
      new Counter({
        name,
        help,
        registers: [this.#registry],
        collect: function () {
          this.reset();
          this.inc(read(counts()));
        },
      });
    gauge("murmur_stream_clients", "clients that follow changes, live queries included", ({ clients }) => clients);
    gauge("murmur_live_queries", "live queries", ({ liveQueries }) => liveQueries);
    totals("murmur_stream_events_total", "events sent to clients that follow", ({ events }) => events);
    totals("murmur_stream_bytes_total", "their bytes", ({ bytes }) => bytes);
    totals("murmur_stream_refused_total", "clients beyond as many as there may be", ({ refused }) => refused);
    totals("murmur_stream_snapshots_total", "streams that were sent all points first", ({ snapshots }) => snapshots);
    totals("murmur_live_evaluations_total", "times that a live query was evaluated", ({ evaluations }) => evaluations);
    const ended = new Counter({
      name: "murmur_stream_ended_total",
      help: "streams that the server ended, by why",
      labelNames: ["reason"],
      registers: [this.#registry],
      collect: () => {
        ended.reset();
        for (const [reason, count] of Object.entries(this.#counts().ended)) ended.inc({ reason }, count);
      },
    });
  }

  read(): Promise<string> {
    return this.#registry.metrics();
  }
}
