import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Issues, slowReadMs } from "../issues.js";
import { filledApp } from "../testing/test-app.js";

describe("answers of a node that stands alone", () => {
  it("say that there is no cluster, and refuse what only one could do", async () => {
    const { ask } = await filledApp();
    assert.deepEqual((await ask("GET", "/cluster")).json.result, { status: "disabled" });
    for (const [method, path] of [
      ["GET", "/cluster/telemetry"],
      ["POST", "/cluster/recover"],
      ["DELETE", "/cluster/peer/1"],
    ] as const) {
      const { statusCode, error } = await ask(method, path);
      assert.deepEqual([statusCode, error], [405, "Qdrant is running in standalone mode"], path);
    }
    for (const [method, path] of [
      ["POST", "/collections/things/cluster"],
      ["PUT", "/collections/things/shards"],
      ["POST", "/collections/things/shards/delete"],
    ] as const) {
      const { statusCode, error } = await ask(method, path, {});
      assert.deepEqual([statusCode, error], [400, "Bad request: Distributed mode disabled"], path);
    }
    assert.equal((await ask("PUT", "/collections/none/shards", {})).statusCode, 404);
    for (const path of ["/murmur/cluster/invitations", "/murmur/cluster/key/rotate"]) {
      const { statusCode, error } = await ask("POST", path);
      assert.deepEqual([statusCode, error], [400, "Bad request: this replica is in no cluster"], path);
    }
  });

  it("show the one shard of a collection, and no shard keys", async () => {
    const { ask } = await filledApp();
    await ask("POST", "/collections/aliases", {
      actions: [{ create_alias: { collection_name: "things", alias_name: "other" } }],
    });
    for (const name of ["things", "other"]) {
      const { peer_id: peer, ...of } = (await ask("GET", `/collections/${name}/cluster`)).json.result as {
        readonly [field: string]: unknown;
      };
      assert.ok(Number.isSafeInteger(peer));
      assert.deepEqual(of, {
        shard_count: 1,
        local_shards: [{ shard_id: 0, points_count: 3, state: "Active" }],
        remote_shards: [],
        shard_transfers: [],
      });
      assert.deepEqual((await ask("GET", `/collections/${name}/shards`)).json.result, { shard_keys: [] });
    }
    assert.equal((await ask("GET", "/collections/none/cluster")).statusCode, 404);
  });

  it("know no optimizations, and name what is asked for and unknown", async () => {
    const { ask } = await filledApp();
    const path = "/collections/things/optimizations";
    const summary = { queued_optimizations: 0, queued_segments: 0, queued_points: 0, idle_segments: 0 };
    assert.deepEqual((await ask("GET", path)).json.result, { summary, running: [] });
    const asked = await ask("GET", `${path}?with=queued,completed,idle_segments&completed_limit=3`);
    assert.deepEqual(asked.json.result, { summary, running: [], queued: [], completed: [], idle_segments: [] });
    const { statusCode, error } = await ask("GET", `${path}?with=everything`);
    assert.equal(statusCode, 400);
    assert.match(error ?? "", /^Deserialize error in query parameters: with: unknown value "everything"/);
  });

  it("take quotas that limit nothing, and refuse others", async () => {
    const { ask } = await filledApp();
    assert.deepEqual(((await ask("GET", "/quotas")).json.result as { enabled: boolean }).enabled, false);
    assert.equal((await ask("PUT", "/quotas", { enabled: false })).json.result, true);
    const refused = await ask("PUT", "/quotas", { enabled: true, max_disk_usage_percent: 90 });
    assert.equal(refused.statusCode, 400);
    assert.match(refused.error ?? "", /^Bad request: enabled: quotas of the whole node are not enforced/);
    assert.equal((await ask("PUT", "/quotas", { max_disk_usage_percent: 101 })).statusCode, 422);
  });
});

describe("issues", () => {
  const reading = (key: string) => {
    const filter = { must: [{ kind: "match-value", key, value: "x" } as const], should: [], mustNot: [] };
    return { kind: "count", filter } as const;
  };

  it("name paths without an index that slow reads filter by, until there is one", async () => {
    const { ask, database } = await filledApp();
    const find = (name: string) => (name === "gone" ? undefined : database.collection(name));
    const issues = new Issues(find);
    issues.noteRead("things", reading("city"), slowReadMs - 1);
    issues.noteRead("gone", reading("city"), slowReadMs);
    assert.deepEqual(issues.list(), []);
    issues.noteRead("things", reading("city"), slowReadMs);
    issues.noteRead("things", reading("city"), slowReadMs);
    const [issue, ...others] = issues.list();
    assert.deepEqual([issue?.id, issue?.related_collection, others], ["things/city", "things", []]);
    assert.ok(issue !== undefined);
    const { immediate } = issue.solution as { immediate: { action: { uri: string; body: object } } };
    assert.deepEqual(immediate.action.body, { field_name: "city", field_schema: "keyword" });
    assert.equal((await ask("PUT", `${immediate.action.uri}?wait=true`, immediate.action.body)).statusCode, 200);
    assert.deepEqual(issues.list(), []);
    issues.noteRead("things", reading("city"), slowReadMs);
    assert.deepEqual(issues.list(), []);
  });

  it("are listed and cleared", async () => {
    const { ask } = await filledApp();
    assert.deepEqual((await ask("GET", "/issues")).json.result, { issues: [] });
    assert.equal((await ask("DELETE", "/issues")).json.result, true);
  });
});

describe("telemetry", () => {
  it("tells more from level to level", async () => {
    const { ask } = await filledApp();
    type Telemetry = {
      readonly app: { readonly system?: object };
      readonly collections: { readonly collections?: readonly { readonly [field: string]: unknown }[] };
      readonly requests?: { readonly rest: { readonly [field: string]: { readonly [route: string]: object } } };
      readonly memory?: { readonly resident_bytes: number };
    };
    const at = async (query: string) => (await ask("GET", `/telemetry${query}`)).json.result as Telemetry;
    const least = await at("");
    assert.deepEqual(Object.keys(least).sort(), ["app", "collections", "id"]);
    const first = await at("?details_level=1");
    const statuses = first.requests?.rest["responses"]?.["PUT /collections/{collection_name}"] as {
      readonly [status: string]: { readonly count: number; readonly avg_duration_micros: number };
    };
    assert.equal(statuses["200"]?.count, 2);
    assert.ok((statuses["200"]?.avg_duration_micros ?? 0) > 0);
    assert.ok((first.memory?.resident_bytes ?? 0) > 0);
    assert.ok(first.app.system !== undefined);
    assert.equal(first.collections.collections, undefined);
    const second = await at("?details_level=2");
    assert.deepEqual(
      second.collections.collections?.map(({ vectors }) => vectors),
      [3, 3],
    );
    const full = await at("?details_level=10&per_collection=true");
    assert.deepEqual(full.collections.collections?.map(({ id }) => id).sort(), ["named", "things"]);
    assert.ok(full.requests?.rest["per_collection_responses"]?.["things"] !== undefined);
    const anonymous = JSON.stringify(await at("?details_level=10&anonymize=true&per_collection=true"));
    assert.doesNotMatch(anonymous, /things|"named"/);
    assert.equal((await ask("GET", "/telemetry?details_level=x")).statusCode, 400);
  });
});
