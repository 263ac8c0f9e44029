import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { killAllServers, newFolder, removeFolder, startServer } from "../support/server.js";
import { until } from "../support/until.js";

const COUNT = 1_000;
const folder = newFolder("recovering");
after(() => {
  killAllServers();
  removeFolder(folder);
});

for (const how of ["kill", "stop"] as const) {
  test(`a recovery in the middle of which the process ends by ${how} is finished by the next one`, async () => {
    const name = `c-${how}`;
    const points = `/collections/${name}/points`;
    let server = await startServer({ dataFolder: folder });
    const send = async (method: string, path: string, body?: unknown) => {
      const answer = await server.request(method, path, body);
      assert.ok(answer.status < 300, JSON.stringify(answer.body));
      return answer.body.result;
    };
    const count = async () => ((await send("POST", `${points}/count`, {})) as { count: number }).count;
    await send("PUT", `/collections/${name}`, { vectors: { size: 4, distance: "Dot" } });
    const all = Array.from({ length: COUNT }, (_, id) => ({
      id,
      vector: [id, 1, id % 7, 2],
      payload: { id, old: true },
    }));
    await send("PUT", `${points}?wait=true`, { points: all });
    const made = (await send("POST", `/collections/${name}/snapshots`)) as { name: string; checksum: string };
    await send("POST", `${points}/delete?wait=true`, { filter: {} });
    await send("PUT", `${points}?wait=true`, { points: [{ id: 1_000_000, vector: [0, 0, 0, 0] }] });

    const location = `file://${folder}/snapshots/collections/${name}/${made.name}`;
    await send("PUT", `/collections/${name}/snapshots/recover?wait=false`, { location });
    await until(async () => (await count()) > 1, "points to come back");
    // the snapshot itself may go meanwhile
    await send("DELETE", `/collections/${name}/snapshots/${made.name}`);
    await server[how]();

    server = await startServer({ dataFolder: folder });
    await until(async () => (await count()) === COUNT, "the recovery to be finished");
    const filter = { must: [{ key: "old", match: { value: true } }] };
    assert.equal(((await send("POST", `${points}/count`, { filter })) as { count: number }).count, COUNT);
    await until(() => server.log().includes("had been interrupted is finished"), "it to be told");
    await until(() => readdirSync(join(folder, "snapshots/.recovering")).length === 0, "it to be forgotten");
    await server.stop();
  });
}
