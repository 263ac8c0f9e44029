import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const PLANTED = "this text is planted, and must be on no disk 7f3b9d";

/** Files below a folder that hold a text. */
function filesWith(folder, text) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => readFileSync(path).includes(text));
}

/** Statuses of a search with no key, with a wrong one, and with the right one. */
async function statusesOf(server, path, body) {
  const asked = [{ "api-key": "" }, { "api-key": "a wrong key" }, {}];
  return Promise.all(asked.map(async (headers) => (await server.ask("POST", path, { body, headers })).status));
}

/**
 * What of regions that are secured is not as it should be, in words: who is let in, what stands on their disks, and in their audit logs. Stops their databases.
 * `written`: by the name of the region, writes of points that were acknowledged.
 */
export async function securedFindings({ cluster, auditFindings, collection, vector, written }) {
  const findings = [];
  const path = `/collections/${collection}/points`;
  const [first] = cluster.regions;
  const point = { id: 999_999_999, vector, payload: { planted: PLANTED } };
  const { status } = await first.server.request("PUT", `${path}?wait=true`, { points: [point] });
  if (status !== 200) findings.push(`${first.name}: a write is answered ${status}`);
  await cluster.untilEqual(collection);
  for (const { name, server } of cluster.regions) {
    const statuses = await statusesOf(server, `${path}/query`, { query: vector, limit: 1 });
    if (statuses.join() !== "401,401,200")
      findings.push(`${name}: no key, a wrong one and the key are answered ${statuses.join(", ")}`);
    const openly = await fetch(server.address.replace("https:", "http:")).then(
      ({ status }) => status,
      () => undefined,
    );
    if (openly !== undefined) findings.push(`${name}: HTTP without TLS is answered ${openly}`);
  }
  findings.push(...(await auditFindings(cluster, (name) => written[name] ?? 0)));
  for (const { name, dataFolder } of cluster.regions) {
    for (const file of filesWith(dataFolder, PLANTED)) findings.push(`${name}: ${file} holds a payload in the clear`);
  }
  return findings;
}
