import { visibleCollections } from "@murmuration/core";
import { MurmurationError } from "@murmuration/index";
import { z } from "zod";
import { maySee } from "../access/rights.js";
import type { Database } from "../engine/database.js";
import { createCollectionBody, updateCollectionBody } from "../http/schemas/collection.js";
import { newName } from "../http/schemas/names.js";
import { readParameters, timeoutParameters } from "../http/schemas/parameters.js";
import { collectionInfo } from "./collection-info.js";
import { changedSettings, newSettings, vectorSpaces } from "./collection-settings.js";
import { collectionParams, none, type Route, route } from "./route.js";

function exists(database: Database, name: string): boolean {
  try {
    database.collection(name);
    return true;
  } catch (error) {
    if (error instanceof MurmurationError && error.code === "not-found") return false;
    throw error;
  }
}

export const collectionRoutes: readonly Route[] = [
  route({
    method: "GET",
    path: "/collections",
    tag: "collections",
    summary: "Names of all collections",
    params: none,
    query: readParameters,
    session: "read",
    body: none,
    handle: ({ database, caller }) => {
      const seen = visibleCollections(database.catalogue).filter(({ name }) => maySee(caller.access, name));
      return { collections: seen.map(({ name }) => ({ name })) };
    },
  }),
  route({
    method: "GET",
    path: "/collections/{collection_name}",
    tag: "collections",
    summary: "Parameters and counts of a collection",
    params: collectionParams,
    query: readParameters,
    session: "read",
    body: none,
    handle: ({ database, params }) =>
      collectionInfo(database.collection(params.collection_name), database.statistics(params.collection_name)),
  }),
  route({
    method: "GET",
    path: "/collections/{collection_name}/exists",
    tag: "collections",
    summary: "Is there a collection of this name or alias",
    params: collectionParams,
    query: readParameters,
    session: "read",
    body: none,
    handle: ({ database, params }) => ({ exists: exists(database, params.collection_name) }),
  }),
  route({
    method: "PUT",
    path: "/collections/{collection_name}",
    tag: "collections",
    summary: "Create a collection",
    params: z.object({ collection_name: newName }),
    query: timeoutParameters,
    session: "write",
    body: createCollectionBody,
    handle: async ({ write, params, body }) => {
      await write({
        kind: "create-collection",
        name: params.collection_name,
        vectors: vectorSpaces(body),
        settings: newSettings(body),
      });
      return true;
    },
  }),
  route({
    method: "PATCH",
    path: "/collections/{collection_name}",
    tag: "collections",
    summary: "Change parameters of a collection; those that shape its graph stay",
    params: collectionParams,
    query: timeoutParameters,
    session: "write",
    body: updateCollectionBody.nullish(),
    handle: async ({ database, write, params, body }) => {
      const collection = database.collection(params.collection_name);
      const settings = changedSettings(collection, body ?? updateCollectionBody.parse({}));
      if (Object.keys(settings).length > 0) {
        await write({ kind: "update-collection", collection: params.collection_name, settings });
      }
      return true;
    },
  }),
  route({
    method: "DELETE",
    path: "/collections/{collection_name}",
    tag: "collections",
    summary: "Delete a collection with its aliases; false when there is none",
    params: collectionParams,
    query: timeoutParameters,
    session: "write",
    body: none,
    handle: async ({ write, params }) => {
      const receipt = await write({ kind: "delete-collection", name: params.collection_name });
      return receipt.changed;
    },
  }),
];
