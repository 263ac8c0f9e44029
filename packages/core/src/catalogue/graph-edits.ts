import { assert, type Json, MurmurationError, vectorIndexLimits } from "@murmuration/index";
import { limits } from "../limits.js";
import { vectorOfGraph } from "../operation/graph-key.js";
import type { BeginGraph, GiveUpGraph, SwitchGraph } from "./catalogue-command.js";
import { type Catalogue, type Collection, isDenseSpace } from "./collection.js";
import { resolveCollection } from "./resolve.js";
import {
  givenUpKey,
  madeGraphKey,
  type StoredCatalogue,
  type StoredCollection,
  storedJson,
  storedKey,
  switchedKey,
} from "./stored-catalogue.js";
import { buildingOf, graphKey, graphsEver, nextGraphGeneration } from "./vector-graphs.js";
import { keyOfVector } from "./vector-incarnation.js";

type Edit = (stored: StoredCatalogue) => void;

function vectorNamed(collection: Collection, name: string): string {
  const key = keyOfVector(collection, name);
  if (key !== undefined) return vectorOfGraph(key);
  throw new MurmurationError("wrong-input", `Not existing vector name error: ${name}`, "vector");
}

function checkWithin(value: number, { min, max }: { readonly min: number; readonly max: number }, field: string): void {
  if (Number.isInteger(value) && value >= min && value <= max) return;
  throw new MurmurationError("validation", `value ${value} invalid, must be from ${min} to ${max}`, field);
}

/** A graph is made beside that of a vector. */
export function beginGraph(catalogue: Catalogue, command: BeginGraph): Edit {
  const collection = resolveCollection(catalogue, command.collection);
  const { links, efConstruction, by } = command;
  const vector = vectorNamed(collection, command.vector);
  const space = collection.vectors[command.vector];
  if (space === undefined || !isDenseSpace(space))
    throw new MurmurationError("wrong-input", "only dense vectors have a graph", "vector");
  checkWithin(links, vectorIndexLimits.links, "m");
  checkWithin(efConstruction, vectorIndexLimits.efConstruction, "ef_construct");
  const building = buildingOf(collection, vector);
  if (building !== undefined) {
    throw new MurmurationError("conflict", `replica ${building.by} is making another graph of this vector already`);
  }
  if (graphsEver(collection) >= limits.vectorsEverMax) {
    throw new MurmurationError("capacity", `a collection's vectors have at most ${limits.vectorsEverMax} graphs ever`);
  }
  const generation = nextGraphGeneration(collection, vector);
  if (generation > limits.vectorGenerationsMax)
    throw new MurmurationError("capacity", `a vector has at most ${limits.vectorGenerationsMax} graphs ever`);
  const graph = { vector, generation, links, efConstruction, by };
  return (stored) => {
    partOf(stored, collection.id)[madeGraphKey(graphKey(graph))] = storedJson(graph as unknown as Json);
  };
}

/** It takes the place of the one that serves; where it is not being made any more, nothing is changed. */
export function switchGraph(catalogue: Catalogue, { id, graph }: SwitchGraph): Edit {
  const collection = catalogue.collections[id];
  if (collection === undefined || buildingOf(collection, graph)?.key !== graph) return () => {};
  return (stored) => {
    partOf(stored, id)[switchedKey(graph)] = storedJson(true);
  };
}

/** It never will serve. */
export function giveUpGraph(catalogue: Catalogue, command: GiveUpGraph): Edit {
  const collection = resolveCollection(catalogue, command.collection);
  const building = buildingOf(collection, vectorNamed(collection, command.vector));
  if (building === undefined)
    throw new MurmurationError("not-found", "no other graph of this vector is being made", "vector");
  if (building.by !== command.by) {
    throw new MurmurationError("conflict", `replica ${building.by} makes it: only there it can be given up`);
  }
  return (stored) => {
    partOf(stored, collection.id)[givenUpKey(building.key)] = storedJson(true);
  };
}

function partOf(stored: StoredCatalogue, id: string): StoredCollection {
  const collection = stored.collections[storedKey(id)];
  assert(collection !== undefined, "a collection that was read is in the document");
  return collection;
}
