import { fileURLToPath } from "node:url";
import { type Collection, visibleCollections } from "@murmuration/core";
import { isJsonObject, type JsonObject, MurmurationError } from "@murmuration/index";
import { z } from "zod";
import type { Database } from "../engine/database.js";
import { definedOnly } from "../http/schemas/fields.js";
import { newName } from "../http/schemas/names.js";
import { booleanParameter, pathInteger } from "../http/schemas/parameters.js";
import type { Seal } from "../http/upload.js";
import { checksumOf, snapshotSealedAs } from "../snapshots/snapshot-file.js";
import { type CollectionHeader, requireChecksum, type Snapshots, type SnapshotWork } from "../snapshots/snapshots.js";
import { collectionInfo } from "./collection-info.js";
import { recoverSnapshot } from "./recover-snapshot.js";
import { accepted, collectionParams, none, type Route, type RouteContext, route, SentFile } from "./route.js";

const priorities = ["no_sync", "snapshot", "replica"] as const;
const priority = z.enum(priorities).nullish();
const checksum = z
  .string()
  .regex(/^[0-9a-fA-F]{64}$/)
  .nullish();
const waits = z.object({ wait: booleanParameter });
const recoverBody = z.object({ location: z.string().min(1), priority, checksum, api_key: z.string().nullish() });
const uploadQuery = z.object({ wait: booleanParameter, priority, checksum });
const newParams = z.object({ collection_name: newName });
/** Every collection has one shard. */
const onlyShard = { shard_id: pathInteger(0, 0).optional() };
const snapshotName = z.object({ snapshot_name: z.string() });

type Context = Pick<RouteContext<unknown, { readonly wait?: boolean | undefined }, unknown>, "query" | "snapshots">;

function required(snapshots: Snapshots | undefined): Snapshots {
  if (snapshots !== undefined) return snapshots;
  throw new MurmurationError("bad-request", "this server has no folder for snapshots");
}

/** Wait for it, unless the request says that nobody does. */
async function done<T>(
  { query, snapshots }: Context,
  what: SnapshotWork,
  work: Promise<T>,
): Promise<T | typeof accepted> {
  if (query.wait !== false) return work;
  // whoever does not wait looks at the list
  required(snapshots).leave(what, work);
  return accepted;
}

/** What a snapshot of a collection says of it beside its points: the requests that would make it as it is. */
export function headerOf(database: Database, of: Collection): CollectionHeader {
  const { config, payload_schema } = collectionInfo(of, database.statistics(of.name)) as {
    config: { params: JsonObject };
    payload_schema: { [path: string]: JsonObject };
  };
  const { vectors, sparse_vectors } = config.params;
  const { vectors: _shown, ...settings } = of.settings;
  const indexes = Object.entries(payload_schema).map(([field_name, { data_type, params }]) => ({
    field_name,
    field_schema: isJsonObject(params) ? params : data_type,
  }));
  return { name: of.name, create: definedOnly({ ...settings, vectors, sparse_vectors }), indexes };
}

/** The file that a location names. No location makes this server fetch anything. */
async function locate({ folder }: Snapshots, location: string): Promise<string> {
  let url: URL;
  try {
    url = new URL(location);
  } catch {
    throw new MurmurationError(
      "bad-request",
      `Invalid snapshot location ${JSON.stringify(location)}: an URL is expected, such as file:///…`,
    );
  }
  if (url.protocol !== "file:") {
    throw new MurmurationError(
      "bad-request",
      "snapshots are recovered from file:/// URLs or uploaded: this server fetches none",
    );
  }
  let path: string;
  try {
    path = fileURLToPath(url);
  } catch {
    throw new MurmurationError(
      "bad-request",
      `Invalid snapshot location ${JSON.stringify(location)}: it is no path of this machine`,
    );
  }
  return folder.requireInside(path);
}

/** What a file that is sent is encrypted with. */
function sealOf({ folder: { keys } }: Snapshots, file: string): Seal | undefined {
  return keys && { keys, as: snapshotSealedAs(file) };
}

/** The routes of the snapshots of a collection, or of its only shard. */
function collectionRoutes(path: string): Route[] {
  const params = collectionParams.extend(onlyShard);
  const named = params.extend(snapshotName.shape);
  const target = newParams.extend(onlyShard);
  return [
    route({
      method: "GET",
      path,
      tag: "snapshots",
      summary: "Snapshots of a collection that are kept here",
      params,
      query: none,
      body: none,
      handle: ({ database, snapshots, params: { collection_name: name } }) =>
        required(snapshots).folder.list(database.collection(name).name),
    }),
    route({
      method: "POST",
      path,
      tag: "snapshots",
      summary: "Make a snapshot of a collection",
      params,
      query: waits,
      body: none,
      handle: ({ database, snapshots, params: { collection_name: name }, query }) =>
        done({ query, snapshots }, "create", required(snapshots).create(headerOf(database, database.collection(name)))),
    }),
    route({
      method: "GET",
      path: `${path}/{snapshot_name}`,
      tag: "snapshots",
      summary: "Download a snapshot",
      params: named,
      query: none,
      body: none,
      handle: async ({ database, snapshots, params: { collection_name: name, snapshot_name: snapshot } }) => {
        const file = await required(snapshots).folder.find(database.collection(name).name, snapshot);
        return new SentFile(file, snapshot, undefined, required(snapshots).folder.keys);
      },
    }),
    route({
      method: "DELETE",
      path: `${path}/{snapshot_name}`,
      tag: "snapshots",
      summary: "Remove a snapshot",
      params: named,
      query: waits,
      body: none,
      handle: ({ database, snapshots, params: { collection_name: name, snapshot_name: snapshot }, query }) =>
        done(
          { query, snapshots },
          "remove",
          required(snapshots)
            .folder.remove(database.collection(name).name, snapshot)
            .then(() => true),
        ),
    }),
    route({
      method: "PUT",
      path: `${path}/recover`,
      tag: "snapshots",
      summary:
        "Make the content of a collection that of a snapshot in the folder; the collection is made where there is none",
      params: target,
      query: waits,
      body: recoverBody,
      handle: async ({ database, snapshots, params: { collection_name: name }, query, body, write }) => {
        const all = required(snapshots);
        const file = await locate(all, body.location);
        if (body.checksum !== null && body.checksum !== undefined)
          requireChecksum(body.checksum, await checksumOf(file, all.folder.keys));
        const work = all.inTurn(name, () => recoverSnapshot({ database, write }, all, name, file));
        return done(
          { query, snapshots },
          "recover",
          work.then(() => true),
        );
      },
    }),
    route({
      method: "POST",
      path: `${path}/upload`,
      tag: "snapshots",
      summary: "The same with a snapshot that the request brings, as multipart/form-data in the field `snapshot`",
      params: target,
      query: uploadQuery,
      body: none,
      takesFile: true,
      handle: async ({ database, snapshots, params: { collection_name: name }, query, write, saveFile }) => {
        const all = required(snapshots);
        const file = all.folder.newWork();
        const recover = async () => {
          try {
            await all.inTurn(name, () => recoverSnapshot({ database, write }, all, name, file));
            return true;
          } finally {
            await all.folder.endWork(file);
          }
        };
        try {
          requireChecksum(query.checksum, await saveFile("snapshot", file, sealOf(all, file)));
        } catch (error) {
          await all.folder.endWork(file);
          throw error;
        }
        return done({ query, snapshots }, "recover", recover());
      },
    }),
  ];
}

export const snapshotRoutes: readonly Route[] = [
  ...collectionRoutes("/collections/{collection_name}/snapshots"),
  ...collectionRoutes("/collections/{collection_name}/shards/{shard_id}/snapshots"),
  route({
    method: "GET",
    path: "/collections/{collection_name}/shards/{shard_id}/snapshot",
    tag: "snapshots",
    summary: "Make a snapshot of the only shard of a collection and send it; it is not kept",
    params: collectionParams.extend(onlyShard),
    query: none,
    body: none,
    handle: async ({ database, snapshots, params: { collection_name: name } }) => {
      const all = required(snapshots);
      const { path, name: file } = await all.createToSend(headerOf(database, database.collection(name)));
      return new SentFile(path, file, () => all.leave("remove", all.folder.endWork(path)), all.folder.keys);
    },
  }),
  route({
    method: "GET",
    path: "/snapshots",
    tag: "snapshots",
    summary: "Snapshots of the whole store that are kept here",
    params: none,
    query: none,
    body: none,
    handle: ({ snapshots }) => required(snapshots).folder.list(undefined),
  }),
  route({
    method: "POST",
    path: "/snapshots",
    tag: "snapshots",
    summary: "Make a snapshot of the whole store",
    params: none,
    query: waits,
    body: none,
    handle: ({ database, snapshots, query }) => {
      const { catalogue } = database;
      const all = visibleCollections(catalogue).map((of) => headerOf(database, of));
      return done({ query, snapshots }, "create", required(snapshots).createFull(all, catalogue.aliases));
    },
  }),
  route({
    method: "GET",
    path: "/snapshots/{snapshot_name}",
    tag: "snapshots",
    summary: "Download a snapshot of the whole store",
    params: snapshotName,
    query: none,
    body: none,
    handle: async ({ snapshots, params: { snapshot_name: name } }) =>
      new SentFile(
        await required(snapshots).folder.find(undefined, name),
        name,
        undefined,
        required(snapshots).folder.keys,
      ),
  }),
  route({
    method: "DELETE",
    path: "/snapshots/{snapshot_name}",
    tag: "snapshots",
    summary: "Remove a snapshot of the whole store",
    params: snapshotName,
    query: waits,
    body: none,
    handle: ({ snapshots, params: { snapshot_name: name }, query }) =>
      done(
        { query, snapshots },
        "remove",
        required(snapshots)
          .folder.remove(undefined, name)
          .then(() => true),
      ),
  }),
];
