import { compareVersionVectors, graphKeysOf, ReadsHere, type Replica, type Shard } from "@murmuration/core";
import { collectionName, having } from "../commands.js";
import type { Node } from "../node.js";
import { answersOf, kindsAnswers } from "./answers.js";
import { Violated } from "./checker.js";

/** One in so many frontiers is compared in everything, not only in its graph: the same ones on all nodes. */
const THOROUGH_EVERY = 6;

interface Seen {
  readonly node: number;
  readonly identity: string;
}

function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  return value >>> 0;
}

/** Digests of the graphs of the collection. */
function graphsOf(replica: Replica): string {
  for (const { shard, indexes } of replica.writableShards()) {
    if (shard.collection.name !== collectionName) continue;
    return [...indexes.values()].map((index) => `${index.digest()} ${index.effectiveDigest()}`).join();
  }
  return "";
}

/** Points, graph, and answers to a few queries as they would be sent. */
function everythingOf(replica: Replica, queries: readonly Float32Array[]): string {
  const shard = replica.shard(collectionName);
  const reads = new ReadsHere(replica, collectionName);
  const ask = { using: "", limit: 5, offset: 0, parameters: { efSearch: 8 } } as const;
  const selection = { payload: true, vectors: false } as const;
  const answers: unknown[] = queries.map((query) => reads.nearest({ ...ask, query, selection }));
  const filter = having("n", 3);
  for (const query of queries.slice(0, 1)) answers.push(reads.nearest({ ...ask, query, selection, filter }));
  answers.push(reads.scroll({ limit: 10, selection, filter }).points);
  const paths = shard.table.indexPaths().sort();
  answers.push(...paths.map((path) => [path, reads.valuedOn(path)]));
  answers.push(answersOf(reads, queries, paths), kindsAnswers(shard, reads, queries), lateAnswers(shard, reads));
  return textOf([replica.digest(collectionName), shard.windows.isOpen(), answers]);
}

/** As JSON, a `bigint` as a text. */
function textOf(value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch (error) {
    // it knows no bigint: most values hold none, and are done in a fraction of the time
    if (!(error instanceof TypeError)) throw error;
    return JSON.stringify(value, (_, one) => (typeof one === "bigint" ? String(one) : one));
  }
}

/** What a shard holds; with the vectors that it has, where some came and went: whoever has not heard of it yet has other graphs. */
function frontierOf({ id, causality, collection }: Shard): string {
  const vectors = collection.deadVectors === undefined ? "" : JSON.stringify(graphKeysOf(collection));
  return `${id} ${JSON.stringify(causality.toJson().frontier)} ${vectors}`;
}

/** Answers to searches in every dense vector that was added, with all vectors of what is found. */
function lateAnswers(shard: Shard, reads: ReadsHere): unknown[] {
  return Object.entries(shard.collection.vectors).flatMap(([using, { size }]) => {
    if (size === undefined || shard.collection.vectorKeys?.[using] === undefined) return [];
    const query = Float32Array.from({ length: size }, (_, i) => 1 + i);
    const selection = { payload: false, vectors: true } as const;
    return [reads.nearest({ query, using, limit: 8, offset: 0, parameters: {}, selection })];
  });
}

/** Equal frontiers, equal state: whenever two nodes hold the same operations, at every moment of the run. */
export class ConvergenceChecker {
  readonly #seen = new Map<string, Seen>();
  readonly #queries: readonly Float32Array[];

  constructor(queries: readonly Float32Array[]) {
    this.#queries = queries;
  }

  /** What was seen so far says nothing of what is to come: damage was mended. */
  forget(): void {
    this.#seen.clear();
  }

  /** A node's state may have changed. */
  check(node: Node): void {
    const { replica } = node;
    // what its disk has refused may be forgotten, and its name given to another operation
    if (replica === undefined || !replica.isDurable() || !node.hasCollection()) return;
    const shard = replica.shard(collectionName);
    const isCompared =
      node.compared?.shard === shard.id && compareVersionVectors(node.compared.frontier, shard.frontier) === "equal";
    if (isCompared) return;
    node.compared = { shard: shard.id, frontier: new Map(shard.frontier) };
    const frontier = frontierOf(shard);
    const catalogue = replica.catalogueHeads().join();
    const thorough = hash(frontier) % THOROUGH_EVERY === 0;
    this.#compare(node.id, `graph ${frontier}`, graphsOf(replica));
    if (thorough) this.#compare(node.id, `all ${frontier} ${catalogue}`, everythingOf(replica, this.#queries));
  }

  /** Compare everything of a node, whatever its frontier. */
  checkThoroughly(node: Node): void {
    const { replica } = node;
    // what its disk has refused may be forgotten, and its name given to another operation
    if (replica === undefined || !replica.isDurable() || !node.hasCollection()) return;
    const shard = replica.shard(collectionName);
    const frontier = frontierOf(shard);
    this.#compare(node.id, `all ${frontier} ${replica.catalogueHeads().join()}`, everythingOf(replica, this.#queries));
  }

  #compare(node: number, key: string, identity: string): void {
    const before = this.#seen.get(key);
    if (before === undefined) {
      this.#seen.set(key, { node, identity });
      return;
    }
    if (before.identity === identity) return;
    let at = 0;
    while (before.identity[at] === identity[at]) at++;
    const part = (text: string) => text.slice(Math.max(0, at - 60), at + 120);
    throw new Violated(
      "convergence",
      `nodes ${before.node} and ${node} differ at ${key.slice(0, 200)}:\n  ${part(before.identity)}\n  ${part(identity)}`,
      { nodes: [node, before.node] },
    );
  }
}
