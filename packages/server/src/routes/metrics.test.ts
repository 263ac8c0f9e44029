import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Metrics } from "../metrics.js";
import { memberApp } from "../testing/member-app.js";
import { filledApp, testApp } from "../testing/test-app.js";

describe("GET /metrics", () => {
  it("counts answers by route, errors by kind, and tells how the replica is", async () => {
    const { app, ask } = await testApp();
    await ask("PUT", "/collections/a", { vectors: { size: 2, distance: "Dot" } });
    await ask("PUT", "/collections/a/points", { points: [{ id: 1, vector: [1, 2] }] });
    await ask("GET", "/collections/none");
    const { text, statusCode, headers } = await ask("GET", "/metrics");
    assert.equal(statusCode, 200);
    assert.match(String(headers["content-type"]), /^text\/plain/);
    assert.match(
      text,
      /rest_responses_duration_seconds_count{method="PUT",endpoint="\/collections\/{collection_name}\/points",status="200"} 1/,
    );
    assert.match(text, /murmur_errors_total{code="not-found"} 1/);
    assert.match(text, /^collections_total 1$/m);
    assert.match(text, /^murmur_points_upserted_total 1$/m);
    assert.match(text, /^murmur_log_bytes 0$/m);
    assert.match(text, /^cluster_enabled 0$/m);
    assert.doesNotMatch(text, /murmur_replication_lag_seconds/);

    assert.match(text, /^murmur_catalogue_problems 0$/m);
    assert.match(text, /^murmur_upkeep_lacks_room 0$/m);
    assert.match(text, /^murmur_reads_under_way 0$/m);
    assert.match(text, /^murmur_readers_lost_total 0$/m);
    await ask("POST", "/murmur/collections/a/validate", {});
    assert.match((await ask("GET", "/metrics")).text, /^murmur_recall_at_10{collection="a",vector=""} 1$/m);
    await app.close();
  });

  it("has the dialect's names, and the collections of answers where they are asked for", async () => {
    const { ask } = await filledApp();
    const plain = (await ask("GET", "/metrics")).text;
    for (const line of [
      "# HELP app_info information about qdrant server",
      "# TYPE app_info gauge",
      'app_info{name="qdrant",version="1.19.0"} 1',
      "app_status_recovery_mode 0",
      "collections_total 2",
      "collections_vector_total 6",
      'collection_vectors{id="named",vector="image"} 2',
      'collection_points{id="things"} 3',
      'rest_responses_total{method="PUT",endpoint="/collections/{collection_name}",status="200"} 2',
      "# TYPE rest_responses_avg_duration_seconds gauge",
      "# TYPE memory_resident_bytes gauge",
      "# TYPE process_minor_page_faults_total counter",
    ]) {
      assert.ok(plain.split("\n").includes(line), line);
    }
    assert.doesNotMatch(plain, /^rest_responses_.*collection="/m);
    const each = (await ask("GET", "/metrics?per_collection=true")).text;
    assert.match(each, /^rest_responses_total{.*status="200",collection="things"} 1$/m);
    assert.equal((await ask("GET", "/metrics?per_collection=maybe")).statusCode, 400);
    await ask("DELETE", "/collections/things");
    assert.doesNotMatch((await ask("GET", "/metrics?per_collection=true")).text, /things/);
  });

  it("tells of a cluster what the replica reports of it", async () => {
    const { database } = await testApp();
    const peer = {
      id: 7,
      isMember: true,
      silentMs: 2_000,
      lagOperations: 3,
      lagMs: 1_500,
      clockOffsetMs: -20,
      suspect: true,
      shards: [],
    };
    const peering = {
      cluster: "c",
      peers: [peer],
      refused: { malformed: 2 },
      incidents: [],
      setAside: [],
      operationFormat: 3,
      inboxBytes: 5,
      refusesWrites: undefined,
      stable: new Map(),
      needSnapshot: [],
      needCheckpoint: [],
      unconfirmedSnapshots: [],
      reconciliation: { rounds: 0, equal: 0, differing: 0, repairedPoints: 0, repairedLists: 0, compared: [] },
    };
    const cluster = {
      name: "c",
      region: "eu",
      transport: {
        sentMessages: 1,
        droppedMessages: 0,
        queuedBytes: 0,
        links: [
          {
            region: "us",
            state: "connected" as const,
            breaker: "open" as const,
            roundTripMs: 81,
            sentBytes: 5,
            receivedBytes: 6,
            reconnects: 0,
            failures: 2,
            lastError: undefined,
          },
        ],
      },
      receivedMessages: 4,
      receivedBytes: 9,
      waitingBytes: 0,
      droppedMessages: 0,
    };
    const waits = { open: 3, quorumsReached: 5, quorumsMissed: 6, repairs: 7 };
    const { status, logBytes } = await database.replication();
    const metrics = new Metrics({
      catalogue: database.catalogue,
      status: () => database.status(),
      allStatistics: () => database.allStatistics(),
      counters: () => database.counters(),
      replication: async () => ({ status: { ...status, peering, waits }, logBytes, cluster }),
    });
    const { body: clustered } = await metrics.read();
    assert.match(clustered, /murmur_replication_lag_seconds{peer="7",region=""} 1.5/);
    assert.match(clustered, /murmur_replication_lag_operations{peer="7",region=""} 3/);
    assert.match(clustered, /murmur_peer_silence_seconds{peer="7",region=""} 2/);
    assert.match(clustered, /murmur_link_round_trip_seconds{region="us"} 0.081/);
    assert.match(clustered, /murmur_link_breaker_open{region="us"} 1/);
    assert.match(clustered, /murmur_link_failures_total{region="us"} 2/);
    assert.match(clustered, /murmur_refused_total{reason="malformed"} 2/);
    assert.match(clustered, /^murmur_waits_open 3$/m);
    assert.match(clustered, /^murmur_quorums_total{outcome="reached"} 5$/m);
    assert.match(clustered, /^murmur_quorums_total{outcome="missed"} 6$/m);
    assert.match(clustered, /^murmur_read_repairs_total 7$/m);
  });
});

describe("the routes of the cluster", () => {
  it("tell of a server that is alone", async () => {
    const { app, ask } = await testApp();
    const cluster = (await ask("GET", "/murmur/cluster")).json.result as { enabled: boolean; members: unknown[] };
    assert.deepEqual([cluster.enabled, cluster.members], [false, []]);
    const replication = (await ask("GET", "/murmur/replication")).json.result as { log_bytes: number };
    assert.equal(replication.log_bytes, 0);
    await app.close();
  });

  it("evict by id, and refuse what is no id", async () => {
    const { ask, written } = await memberApp([12]);
    assert.equal((await ask("POST", "/murmur/cluster/members/x/evict")).statusCode, 400);
    assert.equal((await ask("POST", "/murmur/cluster/members/0/evict")).statusCode, 400);
    assert.equal((await ask("POST", "/murmur/cluster/members/13/evict")).statusCode, 404);
    assert.equal((await ask("POST", "/murmur/cluster/members/12/evict")).statusCode, 200);
    assert.deepEqual(written.at(-1), { kind: "evict-member", id: 12 });
  });
});
