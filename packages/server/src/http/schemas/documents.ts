import {
  bm25Document,
  bm25Query,
  MurmurationError,
  type RawBm25Options,
  readBm25,
  type SparseVector,
} from "@murmuration/index";
import { type JsonSchema, shown } from "./fields.js";

/** What a vector is read for: to be stored, or to be compared with. */
export type VectorUse = "document" | "query";

/** The one model that is built in. */
const BM25 = "qdrant/bm25";

/** A text of which the built-in model makes a sparse vector. */
export const documentSchema: JsonSchema = {
  type: "object",
  properties: {
    text: { type: "string" },
    model: { type: "string", description: `Only ${BM25} is built in.` },
    options: {
      type: "object",
      properties: {
        k: { type: "number", minimum: 0, default: 1.2 },
        b: { type: "number", minimum: 0, maximum: 1, default: 0.75 },
        avg_len: { type: "number", minimum: 1, default: 256 },
        tokenizer: { type: "string", default: "word" },
        language: { type: "string", default: "english" },
        lowercase: { type: "boolean", default: true },
        ascii_folding: { type: "boolean" },
        stopwords: {},
        stemmer: {},
        min_token_len: { type: "integer", minimum: 0 },
        max_token_len: { type: "integer", minimum: 0 },
      },
    },
  },
  required: ["text", "model"],
};

/** Is it something that a model makes a vector of? */
export function isInference(value: object): boolean {
  if ("model" in value) return true;
  return ["text", "image", "object"].some((form) => typeof (value as { [key: string]: unknown })[form] === "string");
}

/** The vector of a document. Throws `unsupported` for other models than the built-in one, `format` and `validation` for what it cannot read. */
export function readDocument(value: object, field: string, use: VectorUse): SparseVector {
  const at = (name: string) => (field === "" ? name : `${field}.${name}`);
  const { text, model, options = {} } = value as { readonly [key: string]: unknown };
  if (typeof model !== "string" || model.toLowerCase() !== BM25 || text === undefined) {
    const what = "inference (Document, Image, Object) is not supported, but for documents of the model";
    throw new MurmurationError("unsupported", `${what} ${BM25}`, field);
  }
  if (typeof text !== "string") throw new MurmurationError("format", `expected string, got ${shown(text)}`, at("text"));
  if (typeof options !== "object" || Array.isArray(options))
    throw new MurmurationError("format", `expected object, got ${shown(options)}`, at("options"));
  const bm25 = readBm25((options ?? {}) as RawBm25Options, at("options"));
  return use === "document" ? bm25Document(text, bm25) : bm25Query(text, bm25);
}
