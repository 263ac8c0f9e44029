import { MemoryRowFile, type RowFile } from "@murmuration/index";
import type { NamedVectorFile, VectorFiles } from "./vector-files.js";

/** Files of vectors in memory: for databases that live there, and for simulated disks. */
export class MemoryVectorFiles implements VectorFiles {
  readonly #files = new Map<string, MemoryRowFile>();
  #made = 0;

  create(shard: string, vector: string): NamedVectorFile {
    const name = `${shard}/${vector}/${++this.#made}`;
    const file = new MemoryRowFile();
    this.#files.set(name, file);
    return { name, file };
  }

  open(name: string): RowFile | undefined {
    return this.#files.get(name);
  }

  /** As a folder of files is swept: what belongs to none of these shards goes, and of those that are served what none of their graphs uses. */
  sweep(shards: ReadonlySet<string>, served: ReadonlyMap<string, ReadonlySet<string>>): void {
    for (const name of this.#files.keys()) {
      const shard = name.slice(0, name.indexOf("/"));
      const used = served.get(shard);
      if (!shards.has(shard) || (used !== undefined && !used.has(name))) this.#files.delete(name);
    }
  }

  /** Names of all. */
  names(): string[] {
    return [...this.#files.keys()];
  }
}
