import { type Dirent, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Command, PointInput, VectorSpace } from "@murmuration/core";
import { pino } from "pino";
import type { MasterKeys } from "../encryption/master-keys.js";
import type { Database } from "../engine/database.js";
import { openDatabase } from "../engine/open-database.js";
import { openFolderKeys } from "./folder-keys.js";

/** Collection, payload key, payload value, term and id that are planted; the vector is of a number that no other has. */
export const planted = {
  collection: "planted-collection-name",
  payloadKey: "planted_payload_key",
  payloadValue: "planted payload value",
  vectorName: "planted-vector-name",
  id: "6d757266-5261-4e11-8d0f-aa55aa55aa55",
  number: 1.2345678,
} as const;

const space: VectorSpace = { size: 8, distance: "Dot", links: 4, efConstruction: 16, quantization: "int8" };

/** What must not be found in the clear: texts, the bytes of the id, and of the vector. */
export const needles: readonly Buffer[] = [
  planted.collection,
  planted.payloadKey,
  planted.payloadValue,
  planted.payloadValue.split(" ")[0] as string,
  planted.vectorName,
  planted.id,
]
  .map((text) => Buffer.from(text))
  .concat(
    Buffer.from(planted.id.replaceAll("-", ""), "hex"),
    Buffer.from(Float32Array.of(planted.number, planted.number).buffer),
  );

/** Names of files below a folder in which a needle stands, or whose own name has one. */
export function findPlanted(folder: string): string[] {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry: Dirent) => entry.isFile());
  return files.flatMap(({ parentPath, name }) => {
    const path = join(parentPath, name);
    const content = readFileSync(path);
    const isFound = needles.some((needle) => content.includes(needle) || path.includes(needle.toString("latin1")));
    return isFound ? [path] : [];
  });
}

/** Makes the collection, half of whose vectors are kept off memory. */
export function createPlanted(): Command {
  return {
    kind: "create-collection",
    name: planted.collection,
    vectors: { "": space, [planted.vectorName]: space },
    settings: { vectors: { "": {}, [planted.vectorName]: { on_disk: true } } },
  };
}

/** Points that have what is planted. */
export function plantedPoints(from: number, count: number): Command {
  const point = (number: number): PointInput => {
    const vector = Float32Array.from({ length: 8 }, (_, i) => (i < 2 ? planted.number : number + i));
    const payload = { [planted.payloadKey]: planted.payloadValue, number };
    return { id: number === 0 ? planted.id : number, vectors: { "": vector, [planted.vectorName]: vector }, payload };
  };
  const points = Array.from({ length: count }, (_, i) => point(from + i));
  return { kind: "upsert-points", collection: planted.collection, points, mode: "upsert" };
}

/** Opens a folder with keys, or without. */
export function openWith(
  dataFolder: string,
  masterKeys?: MasterKeys,
  tell: (line: string) => void = () => undefined,
): Promise<Database> {
  return openDatabase({
    dataFolder,
    log: pino({ level: "info" }, { write: tell }),
    imageEvery: 1_000_000,
    keysOf: (folder) => openFolderKeys(folder, dataFolder, masterKeys, (what) => tell(what))?.keys,
  });
}
