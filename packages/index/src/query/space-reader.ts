import { attachReader, type GraphHandle, type OpenRowFile } from "../vector-index/graph-handle.js";
import type { GraphReader } from "../vector-index/graph-reader.js";
import { type PublishedHold, PublishedPins } from "../vector-index/published-pins.js";
import type { SpaceHandle } from "./collection-handle.js";

/** One vector space of a collection, as one thread reads it. The graph is attached when it is used first. */
export class SpaceReader {
  readonly name: string;
  /** Its number in the table. */
  readonly number: number;
  readonly #graph: GraphHandle;
  readonly #thread: number;
  readonly #pins: PublishedPins;
  readonly #openRows: OpenRowFile | undefined;
  #reader: GraphReader | undefined;

  constructor({ name, graph }: SpaceHandle, number: number, thread: number, openRows?: OpenRowFile) {
    this.name = name;
    this.number = number;
    this.#graph = graph;
    this.#thread = thread;
    this.#openRows = openRows;
    this.#pins = new PublishedPins(graph, thread);
  }

  /** Keep the slots that rows name which are pinned after this. */
  enter(): PublishedHold {
    return this.#pins.enter();
  }

  get metric() {
    return this.#graph.options.metric;
  }

  get graph(): GraphReader {
    this.#reader ??= attachReader(this.#graph, this.#thread, true, this.#openRows);
    return this.#reader;
  }
}
