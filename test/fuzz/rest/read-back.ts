import assert from "node:assert/strict";
import type { DrawnRequest } from "./from-schema.js";
import type { Pair } from "./pair.js";
import { escaped, toJson } from "./request.js";

type Fields = { readonly [name: string]: unknown };

/** JSON as a reader has it: of what was sent, and of what comes back. */
function plain(value: unknown): unknown {
  return JSON.parse(toJson(value), (_, item: unknown) => (Object.is(item, -0) ? 0 : item)) as unknown;
}

async function info(pair: Pair, at: 0 | 1, collection: string): Promise<Fields> {
  return (await pair.get(at, `/collections/${escaped(collection)}`)) as Fields;
}

async function createdIs(pair: Pair, { path, body }: DrawnRequest): Promise<void> {
  const { collection_name: name = "" } = path;
  assert.ok((await pair.names(0)).includes(name), `collection ${JSON.stringify(name)} is listed`);
  const { vectors } = body as { vectors?: Fields };
  if (vectors === undefined || vectors === null || "size" in vectors) return;
  const { config } = (await info(pair, 0, name)) as { config: { params: { vectors: Fields } } };
  assert.deepEqual(Object.keys(config.params.vectors).sort(), Object.keys(vectors).sort(), "vectors by name");
}

async function indexIs(pair: Pair, { path, body }: DrawnRequest): Promise<void> {
  const { field_name: name } = body as { field_name: string };
  const { payload_schema } = await info(pair, 0, path["collection_name"] ?? "");
  assert.ok(Object.hasOwn(payload_schema as object, name), `index ${JSON.stringify(name)} is listed`);
}

async function aliasesAre(pair: Pair, { body }: DrawnRequest): Promise<void> {
  const { actions } = body as { actions: readonly { [kind: string]: { [name: string]: string } }[] };
  const last = actions.at(-1)?.["create_alias"]?.["alias_name"];
  if (last === undefined) return;
  const { aliases } = (await pair.get(0, "/aliases")) as { aliases: readonly { alias_name: string }[] };
  assert.ok(
    aliases.some(({ alias_name }) => alias_name === last),
    `alias ${JSON.stringify(last)} is listed`,
  );
}

async function metadataIs(pair: Pair, { path, body }: DrawnRequest): Promise<void> {
  const metadata = (body as { metadata?: Fields } | null)?.metadata;
  if (metadata === undefined || metadata === null) return;
  const { config } = (await info(pair, 0, path["collection_name"] ?? "")) as { config: { metadata?: Fields } };
  for (const [name, value] of Object.entries(plain(metadata) as Fields)) {
    const isThere = config.metadata !== undefined && Object.hasOwn(config.metadata, name);
    assert.equal(isThere, value !== null, `metadata ${JSON.stringify(name)}`);
    if (isThere) assert.deepEqual(plain(config.metadata?.[name]), value, `metadata ${JSON.stringify(name)}`);
  }
}

async function pointsAre(pair: Pair, { path, body }: DrawnRequest): Promise<void> {
  const { points, update_filter, update_mode } = body as { points?: readonly Fields[] } & Fields;
  const isPlain = (value: unknown) => value === undefined || value === null || value === "upsert";
  if (!Array.isArray(points) || !isPlain(update_filter) || !isPlain(update_mode)) return;
  const latest = new Map((points as readonly Fields[]).map((point) => [String(point["id"]), point]));
  for (const [id, { payload }] of latest) {
    const at = `/collections/${escaped(path["collection_name"] ?? "")}/points/${escaped(id)}`;
    const got = (await pair.get(0, at)) as Fields;
    assert.deepEqual(plain(got["payload"] ?? {}), plain(payload ?? {}), `payload of point ${id}`);
  }
}

async function overwrittenIs(pair: Pair, { path, body }: DrawnRequest): Promise<void> {
  const { points, key, payload } = body as Fields & { readonly points?: readonly unknown[] };
  if (!Array.isArray(points) || (key !== undefined && key !== null)) return;
  for (const id of points) {
    const at = `/collections/${escaped(path["collection_name"] ?? "")}/points/${escaped(String(id))}`;
    const got = await pair.ask(0, { method: "GET", path: at, headers: {}, body: undefined });
    if (got.status === 404) continue;
    const { payload: read = {} } = (got.json?.result ?? {}) as { payload?: unknown };
    assert.deepEqual(plain(read), plain(payload), `payload of point ${id}`);
  }
}

const readBacks: { readonly [route: string]: (pair: Pair, drawn: DrawnRequest) => Promise<void> } = {
  "PUT /collections/{collection_name}": createdIs,
  "PATCH /collections/{collection_name}": metadataIs,
  "PUT /collections/{collection_name}/index": indexIs,
  "POST /collections/aliases": aliasesAre,
  "PUT /collections/{collection_name}/points": pointsAre,
  "PUT /collections/{collection_name}/points/payload": overwrittenIs,
};

/** After an accepted write: what was written comes back as it was, to the byte. Says whether it was looked at. */
export async function readsBack(pair: Pair, drawn: DrawnRequest): Promise<boolean> {
  // a path with an empty name is refused, or one to another route where the name stands at its end
  if (Object.values(drawn.path).includes("")) return false;
  const check = readBacks[`${drawn.route.method} ${drawn.route.path}`];
  await check?.(pair, drawn);
  return check !== undefined;
}
