import type { AliasAction } from "@murmuration/core";
import { MurmurationError } from "@murmuration/index";
import { z } from "zod";
import { type Access, maySee } from "../access/rights.js";
import type { Database } from "../engine/database.js";
import { itemsOf, parsedBy, within } from "../http/schemas/fields.js";
import { name, newName } from "../http/schemas/names.js";
import { readParameters, timeoutParameters } from "../http/schemas/parameters.js";
import { validate } from "../http/schemas/validate.js";
import { collectionParams, none, type Route, route } from "./route.js";

const createAlias = z.object({ collection_name: name, alias_name: newName });
const deleteAlias = z.object({ alias_name: name });
const renameAlias = z.object({ old_alias_name: name, new_alias_name: newName });

function readAction(value: unknown): AliasAction {
  if (typeof value === "object" && value !== null) {
    if ("create_alias" in value) {
      const action = within("create_alias", () => validate(createAlias, value.create_alias));
      return { kind: "create-alias", collection: action.collection_name, alias: action.alias_name };
    }
    if ("delete_alias" in value) {
      return {
        kind: "delete-alias",
        alias: within("delete_alias", () => validate(deleteAlias, value.delete_alias)).alias_name,
      };
    }
    if ("rename_alias" in value) {
      const action = within("rename_alias", () => validate(renameAlias, value.rename_alias));
      return { kind: "rename-alias", from: action.old_alias_name, to: action.new_alias_name };
    }
  }
  throw new MurmurationError("format", "expected create_alias, delete_alias or rename_alias");
}

const text = { type: "string" };

function actionSchema(action: string, fields: readonly string[]) {
  const properties = Object.fromEntries(fields.map((field) => [field, text]));
  return {
    type: "object",
    properties: { [action]: { type: "object", properties, required: fields } },
    required: [action],
  };
}

const aliasesBody = z.object({
  actions: itemsOf(
    parsedBy(readAction, {
      oneOf: [
        actionSchema("create_alias", ["collection_name", "alias_name"]),
        actionSchema("delete_alias", ["alias_name"]),
        actionSchema("rename_alias", ["old_alias_name", "new_alias_name"]),
      ],
    }),
  ),
});

/** The aliases of one collection, or of all that this access sees by their own names: an alias tells the name that it stands for. */
function aliasList(database: Database, access: Access, collectionId: string | undefined) {
  const { aliases, collections } = database.catalogue;
  const entries = Object.entries(aliases).filter(([, id]) => collectionId === undefined || id === collectionId);
  const all = entries.map(([alias, id]) => ({ alias_name: alias, collection_name: collections[id]?.name ?? "" }));
  return { aliases: all.filter(({ collection_name: name }) => maySee(access, name)) };
}

export const aliasRoutes: readonly Route[] = [
  route({
    method: "POST",
    path: "/collections/aliases",
    tag: "aliases",
    summary: "Create, delete and rename aliases: all of them or none",
    params: none,
    query: timeoutParameters,
    session: "write",
    body: aliasesBody,
    handle: async ({ write, body }) => {
      if (body.actions.length > 0) await write({ kind: "change-aliases", actions: body.actions });
      return true;
    },
  }),
  route({
    method: "GET",
    path: "/aliases",
    tag: "aliases",
    summary: "All aliases",
    params: none,
    query: readParameters,
    session: "read",
    body: none,
    handle: ({ database, caller }) => aliasList(database, caller.access, undefined),
  }),
  route({
    method: "GET",
    path: "/collections/{collection_name}/aliases",
    tag: "aliases",
    summary: "Aliases of a collection",
    params: collectionParams,
    query: readParameters,
    session: "read",
    body: none,
    handle: ({ database, caller, params }) =>
      aliasList(database, caller.access, database.collection(params.collection_name).id),
  }),
];
