import { readBenchWords } from "../data.js";
import { readGlosses } from "../glosses.js";
import { shortened } from "../numbers.js";
import { fractionOf, integerBelow } from "../random.js";
import { PARAMETERS } from "../saved-index.js";
import { type VectorSource, vectorsOf } from "../vectors.js";

/** The shape of documents with dense and sparse vectors. */
export const GLOSSES = "glosses";
/** The model of the sparse ones. */
export const BM25 = "qdrant/bm25";
const TEXT_BYTES = 2_000;
const TEXT_WORD = 20;
const FIELD = 10;
const BYTES_OF_FLOAT32 = 4;

/** A point as it is sent. */
export interface PointBody {
  readonly id: number;
  /** One, or several by name. */
  readonly vector: object;
  readonly payload: Readonly<Record<string, unknown>>;
}

/** What a collection of a benchmark holds. */
export interface Shape {
  readonly name: string;
  /** For people. */
  readonly what: string;
  readonly vectors: VectorSource;
  /** Body of the request that creates the collection. */
  readonly creation: object;
  /** Payload fields that are indexed, and how. */
  readonly indexed: Readonly<Record<string, string>>;
  payload(row: number): Readonly<Record<string, unknown>>;
  /** The vectors of a row by name, where they have names. */
  named?(row: number): object;
}

/** Point of a row; other versions of it lie a little aside. */
export function pointOf(shape: Shape, row: number): PointBody {
  const vector = shape.named?.(row) ?? Array.from(shape.vectors.vector(row), shortened);
  return { id: row, vector, payload: shape.payload(row) };
}

/** Bytes of the data itself: float32 and the JSON text of the payload. */
export function rawBytes(shape: Shape, point: PointBody): number {
  return BYTES_OF_FLOAT32 * shape.vectors.dimensions + Buffer.byteLength(JSON.stringify(point.payload));
}

function creationOf(vectors: VectorSource, more: object = {}): object {
  return {
    vectors: { size: vectors.dimensions, distance: "Cosine", ...more },
    hnsw_config: { m: PARAMETERS.M, ef_construct: PARAMETERS.efConstruction },
  };
}

/** Keywords with so many values each, by field: a condition on one of them matches 50, 10, 1 and .1 % of the points. */
export const KEYWORDS: Readonly<Record<string, number>> = { half: 2, tenth: 10, hundredth: 100, thousandth: 1_000 };

/** Value of a row in one of `KEYWORDS`, independent of its others. */
export function keywordOf(field: string, row: number): string {
  const at = Object.keys(KEYWORDS).indexOf(field);
  return `${field}-${integerBelow(KEYWORDS[field] ?? 1, row, FIELD + at)}`;
}

function fields(): Shape {
  const vectors = vectorsOf(100);
  return {
    name: "fields",
    what: "100 dimensions, five indexed fields",
    vectors,
    creation: creationOf(vectors),
    indexed: { ...Object.fromEntries(Object.keys(KEYWORDS).map((field) => [field, "keyword"])), n: "integer" },
    payload: (row) => ({
      ...Object.fromEntries(Object.keys(KEYWORDS).map((field) => [field, keywordOf(field, row)])),
      n: row,
    }),
  };
}

/** Words by chance, the frequent ones more often, as in a text. */
function textOf(row: number, words: readonly string[]): string {
  let text = "";
  for (let at = 0; text.length < TEXT_BYTES; at++) {
    const rank = Math.floor((words.length + 1) ** fractionOf(row * 1_000 + at, TEXT_WORD)) - 1;
    text += `${words[rank] ?? ""} `;
  }
  return text.slice(0, TEXT_BYTES);
}

function text(name: string, what: string, more: object): Shape {
  const vectors = vectorsOf(384);
  const words = readBenchWords();
  return {
    name,
    what,
    vectors,
    creation: creationOf(vectors, more),
    indexed: {},
    payload: (row) => ({ text: textOf(row, words), source: `document-${row >> 4}`, page: row & 15 }),
  };
}

/** Real documents: dense vectors under `meaning`, bm25 under `words`, and a text index. */
function glosses(): Shape {
  const { dimensions, made, texts, queries, vector } = readGlosses();
  const vectors: VectorSource = {
    dimensions,
    made,
    vector: (row) => Float32Array.from(vector(row)),
    queryCount: queries.length,
    query: (at) => Float32Array.from(queries[at]?.vector ?? []),
  };
  return {
    name: GLOSSES,
    what: "entries of a dictionary: 100 dimensions, bm25, an indexed text",
    vectors,
    creation: {
      ...creationOf(vectors),
      vectors: { meaning: { size: dimensions, distance: "Cosine" } },
      sparse_vectors: { words: { modifier: "idf" } },
    },
    indexed: { text: "text" },
    payload: (row) => ({ text: texts[row] }),
    named: (row) => ({ meaning: vector(row), words: { text: texts[row], model: BM25 } }),
  };
}

const MAKERS: Readonly<Record<string, () => Shape>> = {
  fields,
  text: () => text("text", "384 dimensions, 2 kB of text", {}),
  "text-on-disk": () => text("text-on-disk", "384 dimensions on disk, 2 kB of text", { on_disk: true }),
  [GLOSSES]: glosses,
};

/** Names of the shapes that a benchmark of any collection takes. */
export const SHAPES: readonly string[] = Object.keys(MAKERS).filter((name) => name !== GLOSSES);

/** The shape of a name. Throws for a name that is not of `SHAPES` nor `GLOSSES`. */
export function shapeOf(name: string): Shape {
  const make = MAKERS[name];
  if (make === undefined) throw new Error(`no shape has the name ${name}: there are ${SHAPES.join(", ")}`);
  return make();
}
