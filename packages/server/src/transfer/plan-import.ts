import { type JsonObject, MurmurationError, type Vector } from "@murmuration/index";
import { type CollectionBody, shapesOf, type VectorShape } from "./collection-body.js";
import { type AskedLayout, type ColumnReport, inferLayout, type Layout } from "./layout.js";
import { vectorsOfRow } from "./point-of-row.js";
import { bodyFrom, collectionPage, type Server } from "./server.js";
import type { Fields, Row, Source } from "./source.js";
import { rejectedCharactersMax, sampleWeightMax } from "./transfer-limits.js";

/** How a collection is made that is not there, where the source does not say. */
export interface AskedCollection {
  readonly distance?: string | undefined;
  readonly datatype?: string | undefined;
}

/** What an import is about to do. */
export interface ImportPlan {
  readonly layout: Layout;
  readonly columns: readonly ColumnReport[];
  readonly shapes: ReadonlyMap<string, VectorShape>;
  /** `undefined`: the collection is there. */
  readonly create: CollectionBody | undefined;
}

/** "dense 4", "multi 2", "sparse". */
function formOf(vector: Vector): string {
  if (vector instanceof Float32Array) return `dense ${vector.length}`;
  return vector.kind === "sparse" ? "sparse" : `multi ${vector.dimensions}`;
}

function mostFrequent(values: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].sort(([, a], [, b]) => b - a)[0]?.[0] ?? "";
}

/** The form of the vectors of each name in a sample: where they differ, the one that most have. */
function formsOf(sample: readonly Fields[], layout: Layout): ReadonlyMap<string, string> {
  const seen = new Map<string, string[]>();
  for (const fields of sample) {
    try {
      for (const { name, vector } of vectorsOfRow(fields, layout)) {
        const forms = seen.get(name);
        if (forms === undefined) seen.set(name, [formOf(vector)]);
        else forms.push(formOf(vector));
      }
    } catch (error) {
      // a wrong row says nothing of the others; it is named when it is its turn
      if (!(error instanceof MurmurationError)) throw error;
    }
  }
  return new Map([...seen].map(([name, forms]) => [name, mostFrequent(forms)]));
}

/** The body that makes a collection for vectors of these forms. */
function bodyOfForms(forms: ReadonlyMap<string, string>, source: Source, asked: AskedCollection): CollectionBody {
  const vectors: { [name: string]: JsonObject } = {};
  const sparse: { [name: string]: JsonObject } = {};
  for (const [name, form] of forms) {
    const [kind, size] = form.split(" ");
    if (kind === "sparse") {
      sparse[name] = {};
      continue;
    }
    vectors[name] = {
      size: Number(size),
      distance: asked.distance ?? source.distance ?? "Cosine",
      ...(asked.datatype === undefined ? {} : { datatype: asked.datatype }),
      ...(kind === "multi" ? { multivector_config: { comparator: "max_sim" } } : {}),
    };
  }
  const names = Object.keys(vectors);
  const create = {
    vectors: names.length === 1 && names[0] === "" ? (vectors[""] as JsonObject) : vectors,
    ...(Object.keys(sparse).length === 0 ? {} : { sparse_vectors: sparse }),
  };
  return { create, indexes: [] };
}

/** Rows of the beginning, and all rows. */
export interface Sample {
  readonly fields: readonly Fields[];
  /** Rows from a place on: those that were read already are not read again where that is the beginning. Once. */
  readonly rows: Source["rows"];
  readonly close: () => Promise<void>;
}

/** About how much memory a value takes, counted up to a limit. */
function weightOf(value: unknown, limit: number): number {
  if (typeof value === "string") return value.length;
  if (typeof value !== "object" || value === null) return 1;
  if (value instanceof Float32Array) return value.length;
  let weight = 1;
  for (const inner of Object.values(value)) {
    if (weight > limit) return weight;
    weight += weightOf(inner, limit - weight);
  }
  return weight;
}

function weightOfRow({ fields }: Row): number {
  if (fields === undefined) return rejectedCharactersMax;
  let weight = 0;
  for (const [column, value] of fields) weight += column.length + weightOf(value, sampleWeightMax);
  return weight;
}

/** Reads so many rows from the beginning, less where they are large; of a source that ends badly, those before. */
export async function sampleOf(source: Source, rows: number): Promise<Sample> {
  const read: Row[] = [];
  const all = source.rows(undefined);
  let failure: unknown;
  try {
    for (let weight = 0; read.length < rows && weight < sampleWeightMax; ) {
      const row = await all.next();
      if (row.done) break;
      read.push(row.value);
      weight += weightOfRow(row.value);
    }
  } catch (error) {
    // what is wrong is said when it is its turn, behind the rows that are whole
    if (!(error instanceof MurmurationError) || read.length === 0) throw error;
    failure = error;
  }
  const fields = read.flatMap((row) => (row.fields === undefined ? [] : [row.fields]));
  async function* fromStart(): AsyncGenerator<Row, void, void> {
    for (let row = read.shift(); row !== undefined; row = read.shift()) yield row;
    if (failure !== undefined) throw failure;
    yield* all;
  }
  async function* later(from: Parameters<Source["rows"]>[0]): AsyncGenerator<Row, void, void> {
    await all.return();
    yield* source.rows(from);
  }
  return {
    fields,
    rows: (from) => (from === undefined ? fromStart() : later(from)),
    close: async () => {
      await all.return();
    },
  };
}

/**
 * What is in a sample, which column is what, and what collection it comes to: the one that is there, or one like the source says, or one that fits. Throws
 * `bad-request` where that cannot be told, and what asking the server throws. Nothing is written.
 */
export async function planImport(
  source: Source,
  sample: readonly Fields[],
  to: { readonly server: Server; readonly collection: string },
  asked: AskedLayout & AskedCollection,
): Promise<ImportPlan> {
  if (sample.length === 0)
    throw new MurmurationError("bad-request", `${source.name} has no row that can be read among the first ones`);
  const { layout, columns } = inferLayout(sample, asked, source.layout);
  const page = await collectionPage(to.server, to.collection);
  if (page !== undefined) {
    const shapes = shapesOf(bodyFrom(to.server, page));
    for (const name of layout.vectors.values()) {
      if (!shapes.has(name)) {
        const what = [...shapes.keys()].map((own) => (own === "" ? "the unnamed one" : own)).join(", ");
        throw new MurmurationError(
          "bad-request",
          `collection ${to.collection} has no vector ${name === "" ? "without a name" : name}; it has ${what}: --vector COLUMN=NAME`,
        );
      }
    }
    return { layout, columns, shapes, create: undefined };
  }
  const create = source.collection ?? bodyOfForms(formsOf(sample, layout), source, asked);
  return { layout, columns, shapes: shapesOf(create), create };
}
