import { collectionNamed, type TransportLink, visibleCollections } from "@murmuration/core";
import { Counter, collectDefaultMetrics, Gauge, Histogram, type Metric, Registry } from "prom-client";
import type { AuditLog } from "./audit-log/audit-log.js";
import { dialectMetrics } from "./dialect-metrics.js";
import type { Database, ReplicationReport } from "./engine/database.js";
import { RequestStatistics } from "./request-statistics.js";
import type { Snapshots } from "./snapshots/snapshots.js";
import { dialectVersion, version } from "./version.js";

/** Seconds; a search takes from half a millisecond on, a bulk write up to seconds. */
const DURATION_BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];

/** What is read of a database. */
export type MetricsSource = Pick<Database, "catalogue" | "status" | "counters" | "replication" | "allStatistics">;

/** A number that somebody else has, read when it is asked for. */
export interface OtherMetric {
  readonly name: string;
  readonly help: string;
  readonly value: number;
  /** Does it only go up? */
  readonly isTotal: boolean;
}

type Peer = NonNullable<ReplicationReport["status"]["peering"]>["peers"][number];

/**
 * The metrics of a server, as Prometheus reads them. Names without prefix are the dialect's, those that begin with `murmur_` are ours.
 * What others count already is read when it is asked for, so that nothing is counted twice.
 */
export class Metrics {
  readonly #registry = new Registry();
  readonly #durations: Histogram<"method" | "endpoint" | "status">;
  /** Of durations, by what they are labelled with: to find one by its labels costs more than to count in it. */
  readonly #series = new Map<string, { observe(seconds: number): void }>();
  readonly #errors: Counter<"code">;
  readonly #database: MetricsSource;
  readonly #statistics: RequestStatistics;
  readonly #snapshots: Pick<Snapshots, "failures" | "counts"> | undefined;
  readonly #audit: Pick<AuditLog, "counts"> | undefined;
  /** Others that have metrics of their own. */
  readonly #others: { read(): Promise<string> }[] = [];
  readonly #figures: () => readonly OtherMetric[];

  constructor(
    database: MetricsSource,
    statistics: RequestStatistics = new RequestStatistics(),
    snapshots?: Pick<Snapshots, "failures" | "counts">,
    audit?: Pick<AuditLog, "counts">,
    figures: () => readonly OtherMetric[] = () => [],
  ) {
    this.#database = database;
    this.#statistics = statistics;
    this.#snapshots = snapshots;
    this.#audit = audit;
    this.#figures = figures;
    const registers = [this.#registry];
    collectDefaultMetrics({ register: this.#registry });
    this.#durations = new Histogram({
      name: "rest_responses_duration_seconds",
      help: "response duration, by route",
      labelNames: ["method", "endpoint", "status"],
      buckets: DURATION_BUCKETS,
      registers,
    });
    this.#errors = new Counter({
      name: "murmur_errors_total",
      help: "requests that were refused or failed, by the kind of error",
      labelNames: ["code"],
      registers,
    });
    this.#gauge("app_info", "information about qdrant server", ["name", "version"]).set(
      { name: "qdrant", version: dialectVersion },
      1,
    );
    this.#gauge("murmur_info", "version of this server", ["version"]).set({ version }, 1);
  }

  /** An answer was sent. `endpoint` is a route, not a path: the number of series is bounded. */
  observe(method: string, endpoint: string, status: number, seconds: number): void {
    const key = `${status} ${method} ${endpoint}`;
    let series = this.#series.get(key);
    if (series === undefined) this.#series.set(key, (series = this.#durations.labels({ method, endpoint, status })));
    series.observe(seconds);
  }

  /** From now on these are among them. */
  readAlso(other: { read(): Promise<string> }): void {
    this.#others.push(other);
  }

  countError(code: string): void {
    this.#errors.inc({ code });
  }

  /** The text of an answer to Prometheus, and its content type. */
  async read(isPerCollection = false): Promise<{ readonly contentType: string; readonly body: string }> {
    await this.#statistics.told();
    const report = await this.#database.replication();
    this.#putDatabase();
    this.#putReplication(report);
    const failures = this.#snapshots?.failures;
    if (failures !== undefined) {
      const help = "work on snapshots that nobody waited for and that failed";
      this.#putTotals("murmur_snapshot_failures_total", help, "work", { ...failures });
    }
    this.#putAudit();
    for (const { name, help, value, isTotal } of this.#figures()) {
      if (isTotal) this.#putTotal(name, help, value);
      else this.#put(name, help, value);
    }
    const { catalogue } = this.#database;
    this.#statistics.keepOnly((name) => collectionNamed(catalogue, name) !== undefined);
    const own = await this.#registry.metrics();
    const others = await Promise.all(this.#others.map((other) => other.read()));
    const dialects = dialectMetrics(this.#database, this.#statistics, isPerCollection, this.#snapshots?.counts);
    return { contentType: this.#registry.contentType, body: `${own}${dialects}\n${others.join("\n")}` };
  }

  #putDatabase(): void {
    const { shards, ready, leftOut } = this.#database.status();
    const counters = this.#database.counters();
    const { commands, pointsUpserted, pending, pendingBytes, recall: audited, memory, readers } = counters;
    this.#put("collections_total", "number of collections", visibleCollections(this.#database.catalogue).length);
    const points = this.#gauge("collection_points", "number of points", ["id"]);
    const graphBytes = this.#gauge("murmur_graph_bytes", "memory of the graphs", ["collection"]);
    // a collection that is gone leaves no series
    points.reset();
    graphBytes.reset();
    for (const shard of shards) {
      points.set({ id: shard.collection }, shard.points);
      graphBytes.set({ collection: shard.collection }, shard.graphBytes);
    }
    const recall = this.#gauge("murmur_recall_at_10", "recall, as of the last validation", ["collection", "vector"]);
    recall.reset();
    for (const [collection, vectors] of Object.entries(audited)) {
      for (const [vector, share] of Object.entries(vectors)) recall.set({ collection, vector }, share);
    }
    this.#put("murmur_ready", "1 while reads and writes are served", ready ? 1 : 0);
    const problems = leftOut.catalogueProblems.total;
    this.#put("murmur_catalogue_problems", "entries of the catalogue that cannot be read and are left out", problems);
    this.#putTotals("murmur_commands_total", "executed writes", "kind", commands);
    this.#putTotal("murmur_points_upserted_total", "points in executed upserts", pointsUpserted);
    this.#put("murmur_engine_pending_requests", "requests that the engine's thread has not answered yet", pending);
    this.#put("murmur_engine_pending_bytes", "vector bytes in them", pendingBytes);
    this.#put("murmur_readers", "threads that answer reads", readers.readers);
    this.#put("murmur_reads_under_way", "reads that are not answered yet", readers.underWay);
    this.#putTotal("murmur_readers_lost_total", "threads that answered reads and ended or stood still", readers.lost);
    this.#put("murmur_listeners", "threads that take connections beside the main one", this.#statistics.listening);
    this.#putTotal(
      "murmur_brief_reads_total",
      "reads answered by the thread that took them",
      this.#statistics.briefReads,
    );
    const used = this.#gauge("murmur_heap_used_bytes", "what lives long on a thread's heap", ["thread"]);
    const limit = this.#gauge("murmur_heap_limit_bytes", "how much of that there can be", ["thread"]);
    const full = this.#gauge("murmur_heap_full", "1 while nothing is added because a heap is full", ["thread"]);
    const { data, ...heaps } = memory;
    this.#put("murmur_memory_used_bytes", "heaps and shared memories, without what is free in them", data.usedBytes);
    this.#put("murmur_memory_limit_bytes", "how much of that there can be", data.limitBytes);
    this.#put("murmur_memory_full", "1 while nothing is added because data takes that much", data.isFull ? 1 : 0);
    for (const [thread, heap] of Object.entries(heaps)) {
      used.set({ thread }, heap.usedBytes);
      limit.set({ thread }, heap.limitBytes);
      full.set({ thread }, heap.isFull ? 1 : 0);
    }
  }

  #putAudit(): void {
    if (this.#audit === undefined) return;
    const { lines, failures, lost, waitingBytes, failing } = this.#audit.counts;
    this.#putTotal("murmur_audit_lines_total", "lines written to the audit log", lines);
    this.#putTotal("murmur_audit_failures_total", "attempts to write it, or its head, that failed", failures);
    this.#putTotal("murmur_audit_lost_total", "lines that there was no room for", lost);
    this.#put("murmur_audit_waiting_bytes", "lines that are not written yet", waitingBytes);
    this.#put("murmur_audit_failing", "1 while the audit log cannot be written", failing === undefined ? 0 : 1);
  }

  #putReplication({ status, logBytes, disk, cluster }: ReplicationReport): void {
    const { peering, upkeep, waits, applied } = status;
    this.#put("murmur_quarantined_shards", "shards that are not served", status.quarantined.length);
    this.#put("murmur_log_bytes", "size of the log's files", logBytes);
    if (disk !== undefined) {
      this.#put("murmur_disk_free_bytes", "what may still be written where the log is", disk.freeBytes);
      this.#put("murmur_disk_size_bytes", "size of the file system where the log is", disk.sizeBytes);
    }
    this.#putTotal("murmur_applied_operations_total", "operations of others and of upkeep that were applied", applied);
    const { atRest, putOff, lacksRoom, ...done } = upkeep;
    this.#putTotals("murmur_upkeep_total", "nodes that upkeep has worked on, by what it did", "work", { ...done });
    this.#putTotal("murmur_upkeep_put_off_total", "steps of upkeep that found no room in a full graph", putOff);
    this.#put("murmur_upkeep_lacks_room", "kinds of upkeep that wait for room in a full graph", lacksRoom);
    this.#put("murmur_upkeep_at_rest", "1 while upkeep has nothing to do", atRest ? 1 : 0);
    this.#put("murmur_waits_open", "requests that wait for members", waits.open);
    const quorums = { reached: waits.quorumsReached, missed: waits.quorumsMissed };
    this.#putTotals("murmur_quorums_total", "quorums that were waited for, by what came of them", "outcome", quorums);
    this.#putTotal("murmur_read_repairs_total", "members that a read found behind and told so", waits.repairs);
    this.#put("cluster_enabled", "1 in a cluster", cluster === undefined ? 0 : 1);
    if (peering === undefined || cluster === undefined) return;

    const members = this.#database.catalogue.members.filter(({ state }) => state === "active").length;
    this.#put("cluster_peers_total", "members of the cluster", members);
    // whoever invents ids makes no series
    this.#putPeers(peering.peers.filter(({ isMember }) => isMember));
    this.#put("murmur_inbox_bytes", "bytes of operations that wait for ones before them", peering.inboxBytes);
    this.#put("murmur_set_aside_operations", "operations that do not fit the state here", peering.setAside.length);
    this.#putTotals("murmur_refused_total", "messages and operations that were refused", "reason", peering.refused);
    this.#putTotal("murmur_received_messages_total", "messages that arrived", cluster.receivedMessages);
    this.#putTotal("murmur_received_bytes_total", "their bytes", cluster.receivedBytes);
    this.#put("murmur_received_waiting_bytes", "bytes that arrived and wait", cluster.waitingBytes);
    this.#put("murmur_transport_connected", "1 while there is a transport", cluster.transport === undefined ? 0 : 1);
    this.#putTotal("murmur_sent_messages_total", "messages sent", cluster.transport?.sentMessages ?? 0);
    this.#put("murmur_send_queue_bytes", "bytes that wait to be sent", cluster.transport?.queuedBytes ?? 0);
    const dropped = { sending: cluster.transport?.droppedMessages ?? 0, receiving: cluster.droppedMessages };
    this.#putTotals("murmur_dropped_messages_total", "messages dropped over a bound", "side", dropped);
    this.#putTotal("murmur_send_retries_total", "messages that were sent again", cluster.transport?.retries ?? 0);
    this.#putLinks(cluster.transport?.links ?? []);
  }

  /** Connections to the brokers of regions. */
  #putLinks(links: readonly TransportLink[]): void {
    const roundTrip = this.#gauge("murmur_link_round_trip_seconds", "latest round trip to the broker of a region", [
      "region",
    ]);
    const open = this.#gauge("murmur_link_breaker_open", "1 while nothing waits for the link", ["region"]);
    const connected = this.#gauge("murmur_link_connected", "1 while the link is connected", ["region"]);
    roundTrip.reset();
    for (const { region, state, breaker, roundTripMs } of links) {
      if (roundTripMs !== undefined) roundTrip.set({ region }, roundTripMs / 1000);
      open.set({ region }, breaker === "open" ? 1 : 0);
      connected.set({ region }, state === "connected" ? 1 : 0);
    }
    const byRegion = (read: (link: TransportLink) => number) =>
      Object.fromEntries(links.map((link) => [link.region, read(link)]));
    const sent = byRegion((link) => link.sentBytes);
    this.#putTotals("murmur_link_sent_bytes_total", "bytes sent over the link", "region", sent);
    const received = byRegion((link) => link.receivedBytes);
    this.#putTotals("murmur_link_received_bytes_total", "bytes received over the link", "region", received);
    const failures = byRegion((link) => link.failures);
    this.#putTotals("murmur_link_failures_total", "attempts to connect that failed", "region", failures);
  }

  #putPeers(peers: readonly Peer[]): void {
    const regions = new Map(this.#database.catalogue.members.map(({ id, region }) => [id, region]));
    const gauges: readonly (readonly [string, string, (peer: Peer) => number | undefined])[] = [
      ["murmur_replication_lag_seconds", "time since a missing operation was first known", ({ lagMs }) => lagMs / 1000],
      [
        "murmur_replication_lag_operations",
        "operations that the peer holds and this replica lacks",
        (peer) => peer.lagOperations,
      ],
      [
        "murmur_peer_silence_seconds",
        "time since the peer was last heard",
        ({ silentMs }) => (silentMs === undefined ? undefined : silentMs / 1000),
      ],
      ["murmur_peer_suspect", "1 while the peer is suspect", ({ suspect }) => (suspect ? 1 : 0)],
      [
        "murmur_peer_clock_offset_seconds",
        "how far the peer's clock is ahead, delay included",
        ({ clockOffsetMs }) => (clockOffsetMs === undefined ? undefined : clockOffsetMs / 1000),
      ],
    ];
    for (const [name, help, read] of gauges) {
      const gauge = this.#gauge(name, help, ["peer", "region"]);
      gauge.reset();
      for (const peer of peers) {
        const value = read(peer);
        if (value !== undefined) gauge.set({ peer: peer.id, region: regions.get(peer.id) ?? "" }, value);
      }
    }
  }

  #gauge(name: string, help: string, labelNames: readonly string[] = []): Gauge {
    const known = this.#registry.getSingleMetric(name) as Gauge | undefined;
    return known ?? new Gauge({ name, help, labelNames: [...labelNames], registers: [this.#registry] });
  }

  #put(name: string, help: string, value: number): void {
    this.#gauge(name, help).set(value);
  }

  /** A counter that somebody else counts. */
  #putTotals(name: string, help: string, label: string, values: { readonly [value: string]: number }): void {
    const known = this.#registry.getSingleMetric(name) as Metric | undefined;
    const counter = (known ?? new Counter({ name, help, labelNames: [label], registers: [this.#registry] })) as Counter;
    counter.reset();
    for (const [value, total] of Object.entries(values)) counter.inc({ [label]: value }, total);
  }

  #putTotal(name: string, help: string, value: number): void {
    const known = this.#registry.getSingleMetric(name) as Metric | undefined;
    const counter = (known ?? new Counter({ name, help, registers: [this.#registry] })) as Counter;
    counter.reset();
    counter.inc(value);
  }
}
