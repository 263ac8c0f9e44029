import { type JsonObject, MurmurationError, type Vector } from "@murmuration/index";
import { bodyOfPage, type CollectionBody, shapesOf, type VectorShape } from "./collection-body.js";
import { type AskedLayout, type ColumnReport, inferLayout, type Layout } from "./layout.js";
import { vectorsOfRow } from "./point-of-row.js";
import { collectionPage, type Server } from "./server.js";
import type { Fields, Row, Source } from "./source.js";

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
  /** Rows from a place on: what can be read only once is not read again. */
  readonly rows: Source["rows"];
}

async function* chain(
  first: readonly Row[],
  rest: AsyncGenerator<Row, void, void>,
  failure: unknown,
): AsyncGenerator<Row, void, void> {
  yield* first;
  if (failure !== undefined) throw failure;
  yield* rest;
}

/** Reads so many rows from the beginning; of a source that ends badly, those before. */
export async function sampleOf(source: Source, rows: number): Promise<Sample> {
  const read: Row[] = [];
  const all = source.rows(undefined);
  let failure: unknown;
  try {
    while (read.length < rows) {
      const row = await all.next();
      if (row.done) break;
      read.push(row.value);
    }
  } catch (error) {
    // what is wrong is said when it is its turn, behind the rows that are whole
    if (!(error instanceof MurmurationError) || read.length === 0) throw error;
    failure = error;
  }
  const fields = read.flatMap((row) => (row.fields === undefined ? [] : [row.fields]));
  if (source.identity === undefined) return { fields, rows: () => chain(read, all, failure) };
  await all.return();
  return { fields, rows: (from) => source.rows(from) };
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
    const shapes = shapesOf(bodyOfPage(page));
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
