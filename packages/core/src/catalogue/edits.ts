import { assert, type Json, MurmurationError, parsePath, requireWellFormed } from "@murmuration/index";
import { isOrigin } from "../causality/dot.js";
import { areMemberKeys, isSameKeys } from "../gossip/member-keys.js";
import { limits } from "../limits.js";
import { isGraphKey, vectorOfGraph } from "../operation/graph-key.js";
import { isPlanted } from "../planted.js";
import type {
  AddVector,
  AliasAction,
  CatalogueCommand,
  ChangeAliases,
  CreateCollection,
  CreatePayloadIndex,
  DeleteCollection,
  DeletePayloadIndex,
  DropVector,
  EvictMember,
  JoinMember,
  SetMemberKeys,
  UpdateCollection,
} from "./catalogue-command.js";
import type { Catalogue, Collection, Settings, VectorSpace } from "./collection.js";
import { isCollectionId } from "./collection-id.js";
import { beginErasure, confirmErasures } from "./erasure-edits.js";
import { beginGraph, giveUpGraph, switchGraph } from "./graph-edits.js";
import { isIndexSchema } from "./index-schema.js";
import { requireLeaf } from "./leaf-text.js";
import { checkName } from "./names.js";
import { collectionDoesNotExist, collectionNamed, resolveCollection } from "./resolve.js";
import {
  addedKey,
  droppedKey,
  memberKey,
  type StoredCatalogue,
  type StoredCollection,
  type StoredMember,
  storedJson,
  storedKey,
} from "./stored-catalogue.js";
import { incarnationKey, isLaterKey, keyOfVector, nextGeneration, spaceText } from "./vector-incarnation.js";
import { problemOfSpace } from "./vector-space.js";

/** What a command does to the document. */
export type CatalogueEdit = (stored: StoredCatalogue) => void;

/**
 * Checks a command against the catalogue and says what it does. `collectionId` is the id of the collection that the command makes,
 * if it makes one. Throws the dialect's errors.
 */
export function planEdit(catalogue: Catalogue, command: CatalogueCommand, collectionId: string): CatalogueEdit {
  switch (command.kind) {
    case "create-collection":
      return createCollection(catalogue, command, collectionId);
    case "update-collection":
      return updateCollection(catalogue, command);
    case "delete-collection":
      return deleteCollection(catalogue, command);
    case "change-aliases":
      return changeAliases(catalogue, command);
    case "create-payload-index":
      return createPayloadIndex(catalogue, command);
    case "delete-payload-index":
      return deletePayloadIndex(catalogue, command);
    case "add-vector":
      return addVector(catalogue, command);
    case "drop-vector":
      return dropVector(catalogue, command);
    case "begin-graph":
      return beginGraph(catalogue, command);
    case "switch-graph":
      return switchGraph(catalogue, command);
    case "give-up-graph":
      return giveUpGraph(catalogue, command);
    case "join-member":
      return joinMember(catalogue, command);
    case "evict-member":
      return evictMember(catalogue, command);
    case "begin-erasure":
      return beginErasure(catalogue, command, collectionId);
    case "confirm-erasures":
      return confirmErasures(catalogue, command);
    case "set-member-keys":
      return setMemberKeys(catalogue, command);
  }
}

const collectionExists = (name: string) =>
  new MurmurationError("already-exists", `Collection \`${name}\` already exists!`);

function checkCount(count: number, max: number, what: string): void {
  if (count > max) throw new MurmurationError("capacity", `there are at most ${max} ${what}`);
}

function createCollection(catalogue: Catalogue, command: CreateCollection, id: string): CatalogueEdit {
  const { name, vectors, settings } = command;
  checkName(name, "collection_name");
  checkSpaces(vectors);
  checkSettings(settings);
  assert(isCollectionId(id) && catalogue.collections[id] === undefined, "the id of a new collection is not in use");
  if (collectionNamed(catalogue, name) !== undefined) throw collectionExists(name);
  if (Object.hasOwn(catalogue.aliases, name)) {
    throw new MurmurationError(
      "wrong-input",
      `Can't create collection with name ${name}. Alias with the same name already exists`,
      "collection_name",
    );
  }
  checkCount(Object.keys(catalogue.collections).length + 1, limits.collectionsMax, "collections");
  return (stored) => {
    const made: StoredCollection = {
      name: storedJson(name),
      vectors: storedJson(vectors as unknown as Json),
      payloadIndexes: {},
      settings: {},
    };
    for (const [setting, value] of Object.entries(settings)) made.settings[storedKey(setting)] = storedJson(value);
    stored.collections[storedKey(id)] = made;
  };
}

function checkSpaces(vectors: CreateCollection["vectors"]): void {
  for (const [name, space] of Object.entries(vectors)) {
    checkVectorName(name, "vectors");
    const field = name === "" ? "vectors" : `vectors.${name}`;
    const problem = problemOfSpace(space as unknown as Json);
    if (problem !== undefined)
      throw new MurmurationError("validation", `${field} is not a vector space: ${problem}`, field);
  }
}

function checkVectorName(name: string, field: string): void {
  requireWellFormed(name, field);
  if (name === "__proto__") throw new MurmurationError("format", "the name `__proto__` is not allowed", field);
  if (isLaterKey(name)) throw new MurmurationError("format", `the name ${JSON.stringify(name)} is not allowed`, field);
}

/** Adding what is there changes nothing. */
function addVector(catalogue: Catalogue, { collection: to, name, space, given }: AddVector): CatalogueEdit {
  const collection = resolveCollection(catalogue, to);
  checkVectorName(name, "vector_name");
  const problem = problemOfSpace(space as unknown as Json);
  if (problem !== undefined) throw new MurmurationError("validation", `not a vector space: ${problem}`, problem);
  requireLeaf(given, "vector");
  const present = Object.hasOwn(collection.vectors, name) ? collection.vectors[name] : undefined;
  if (present !== undefined) {
    if (isSameVector(collection, name, present, space)) return () => {};
    throw new MurmurationError(
      "wrong-input",
      `Vector \`${name}\` already exists with other parameters: drop it before it is added again`,
      "vector_name",
    );
  }
  checkCount(
    Object.keys(collection.vectors).length + 1,
    limits.vectorsMax,
    "vectors in a collection that are added to",
  );
  const known = (collection.deadVectors?.length ?? 0) + Object.keys(collection.vectorKeys ?? {}).length;
  checkCount(known + 1, limits.vectorsEverMax, "vectors that were ever added to a collection or dropped from it");
  const incarnation = { name, generation: nextGeneration(collection, name), space };
  const key = incarnationKey(incarnation);
  return (stored) => {
    storedCollection(stored, collection.id)[addedKey(key)] = storedJson({ ...incarnation, given } as unknown as Json);
  };
}

/** Is a vector what is to be added, whatever its graph is linked by where another one took the first one's place? */
function isSameVector(collection: Collection, name: string, present: VectorSpace, wanted: VectorSpace): boolean {
  const key = keyOfVector(collection, name) as string;
  const first = isGraphKey(key) ? collection.graphs?.dead[vectorOfGraph(key)] : undefined;
  return spaceText(first ?? present) === spaceText(wanted);
}

function dropVector(catalogue: Catalogue, { collection: from, name }: DropVector): CatalogueEdit {
  const collection = resolveCollection(catalogue, from);
  const key = keyOfVector(collection, name);
  if (key === undefined) {
    throw new MurmurationError("wrong-input", `Not existing vector name error: ${name}`, "vector_name");
  }
  return (stored) => {
    storedCollection(stored, collection.id)[droppedKey(vectorOfGraph(key))] = storedJson(true);
  };
}

function checkSettings(settings: Settings): void {
  for (const [setting, value] of Object.entries(settings)) {
    requireWellFormed(setting, "settings");
    requireLeaf(value, setting);
  }
}

/** The part of the document that is this collection. */
function storedCollection(stored: StoredCatalogue, id: string): StoredCollection {
  const collection = stored.collections[storedKey(id)];
  assert(collection !== undefined, "a collection that was read is in the document");
  return collection;
}

function updateCollection(catalogue: Catalogue, command: UpdateCollection): CatalogueEdit {
  const { id } = resolveCollection(catalogue, command.collection);
  checkSettings(command.settings);
  return (stored) => {
    const { settings } = storedCollection(stored, id);
    for (const [setting, value] of Object.entries(command.settings)) settings[storedKey(setting)] = storedJson(value);
  };
}

function deleteCollection(catalogue: Catalogue, command: DeleteCollection): CatalogueEdit {
  const collection = collectionNamed(catalogue, command.name);
  if (collection === undefined) return () => {};
  return (stored) => {
    delete stored.collections[storedKey(collection.id)];
    for (const [alias, id] of Object.entries(catalogue.aliases)) {
      if (id === collection.id) delete stored.aliases[storedKey(alias)];
    }
  };
}

function changeAliases(catalogue: Catalogue, command: ChangeAliases): CatalogueEdit {
  const aliases = new Map(Object.entries(catalogue.aliases));
  for (const action of command.actions) changeAlias(catalogue, aliases, action);
  checkCount(aliases.size, limits.aliasesMax, "aliases");
  return (stored) => {
    for (const [alias, id] of aliases) {
      if (catalogue.aliases[alias] !== id) stored.aliases[storedKey(alias)] = storedJson(id);
    }
    for (const alias of Object.keys(catalogue.aliases))
      if (!aliases.has(alias)) delete stored.aliases[storedKey(alias)];
  };
}

function changeAlias(catalogue: Catalogue, aliases: Map<string, string>, action: AliasAction): void {
  switch (action.kind) {
    case "create-alias": {
      const collection = collectionNamed(catalogue, action.collection);
      if (collection === undefined) throw collectionDoesNotExist(action.collection);
      putAlias(catalogue, aliases, action.alias, collection.id);
      return;
    }
    case "delete-alias":
      takeAlias(aliases, action.alias);
      return;
    case "rename-alias":
      putAlias(catalogue, aliases, action.to, takeAlias(aliases, action.from));
      return;
  }
}

function putAlias(catalogue: Catalogue, aliases: Map<string, string>, alias: string, id: string): void {
  checkName(alias, "alias_name");
  if (collectionNamed(catalogue, alias) !== undefined) throw collectionExists(alias);
  aliases.set(alias, id);
}

function takeAlias(aliases: Map<string, string>, alias: string): string {
  const id = aliases.get(alias);
  if (id === undefined) throw new MurmurationError("not-found", `Alias ${alias} does not exists!`);
  aliases.delete(alias);
  return id;
}

function createPayloadIndex(catalogue: Catalogue, command: CreatePayloadIndex): CatalogueEdit {
  const { id, payloadIndexes } = resolveCollection(catalogue, command.collection);
  const count = Object.keys(payloadIndexes).length + (payloadIndexes[command.path] === undefined ? 1 : 0);
  checkCount(count, limits.payloadIndexesMax, "payload indexes in a collection");
  if (!isPlanted("describes-by-half")) parsePath(command.path, "field_name");
  const schema = command.schema as unknown as Json;
  if (!isIndexSchema(schema)) throw new MurmurationError("format", "not the schema of a payload index", "field_schema");
  return (stored) => {
    storedCollection(stored, id).payloadIndexes[storedKey(command.path)] = storedJson(schema);
  };
}

function deletePayloadIndex(catalogue: Catalogue, command: DeletePayloadIndex): CatalogueEdit {
  const { id, payloadIndexes } = resolveCollection(catalogue, command.collection);
  if (payloadIndexes[command.path] === undefined) return () => {};
  return (stored) => {
    delete storedCollection(stored, id).payloadIndexes[storedKey(command.path)];
  };
}

function joinMember(catalogue: Catalogue, { id, region, url, keys }: JoinMember): CatalogueEdit {
  if (!isOrigin(id)) throw new MurmurationError("validation", `a replica id is 1 to ${limits.originMax}`, "id");
  requireWellFormed(region, "region");
  if (url !== undefined) requireWellFormed(url, "url");
  if (keys !== undefined) checkKeys(keys);
  const present = catalogue.members.find((member) => member.id === id);
  if (present?.state === "evicted") {
    throw new MurmurationError("wrong-input", `replica ${id} was evicted: it can join under a new id only`, "id");
  }
  if (present !== undefined) {
    const moved = url !== undefined && url !== present.url ? url : undefined;
    // a member that has keys changes them itself
    const told = present.keys === undefined ? keys : undefined;
    if (moved === undefined && told === undefined) return () => {};
    return (stored) => {
      const member = stored[memberKey(id)] as StoredMember;
      if (moved !== undefined) member.url = storedJson(moved);
      if (told !== undefined) member.keys = storedJson(told as Json);
    };
  }
  checkCount(catalogue.members.length + 1, limits.membersMax, "replicas, evicted ones included");
  return (stored) => {
    const member: StoredMember = { region: storedJson(region), evicted: false };
    if (url !== undefined) member.url = storedJson(url);
    if (keys !== undefined) member.keys = storedJson(keys as Json);
    stored[memberKey(id)] = member;
  };
}

function checkKeys(keys: readonly string[]): void {
  if (!areMemberKeys(keys)) throw new MurmurationError("validation", "a member has one public key, or two", "keys");
}

function setMemberKeys(catalogue: Catalogue, { id, keys }: SetMemberKeys): CatalogueEdit {
  checkKeys(keys);
  const present = catalogue.members.find((member) => member.id === id);
  if (present === undefined) throw new MurmurationError("not-found", `there is no replica ${id}`, "id");
  if (isSameKeys(present.keys, keys)) return () => {};
  return (stored) => {
    (stored[memberKey(id)] as StoredMember).keys = storedJson(keys as Json);
  };
}

function evictMember(catalogue: Catalogue, { id }: EvictMember): CatalogueEdit {
  const present = catalogue.members.find((member) => member.id === id);
  if (present === undefined) throw new MurmurationError("not-found", `there is no replica ${id}`, "id");
  if (present.state === "evicted") return () => {};
  return (stored) => {
    (stored[memberKey(id)] as StoredMember).evicted = true;
  };
}
