import {
  type Json,
  MurmurationError,
  type PayloadIndexKind,
  type PayloadIndexSchema,
  payloadIndexKinds,
  readTextParameters,
} from "@murmuration/index";
import { z } from "zod";
import { parsedBy, shown } from "./fields.js";
import { spelled } from "./spellings.js";

/** Where the parts of an index that can be on disk are wished to be. */
const memories = ["cold", "cached", "pinned"];

type ParameterType = "boolean" | "memory";

/** Parameters kept to be shown again, with the type each must have. */
const parametersOf: { readonly [kind in PayloadIndexKind]: { readonly [name: string]: ParameterType } } = {
  keyword: { is_tenant: "boolean", prefix: "boolean" },
  integer: { lookup: "boolean", range: "boolean", is_principal: "boolean" },
  float: { is_principal: "boolean" },
  bool: {},
  datetime: { is_principal: "boolean" },
  uuid: { is_tenant: "boolean" },
  text: { phrase_matching: "boolean" },
  geo: {},
};
/** What a text index says of its terms, read by `readTextParameters` and kept as it was given. */
const textParameterNames = [
  ...["tokenizer", "min_token_len", "max_token_len", "lowercase", "ascii_folding", "stopwords", "stemmer"],
];
const parametersOfAll: { readonly [name: string]: ParameterType } = {
  on_disk: "boolean",
  memory: "memory",
  enable_hnsw: "boolean",
};

function readKind(value: unknown, field: string): PayloadIndexKind {
  const kind = payloadIndexKinds.find((known) => known === value);
  if (kind !== undefined) return kind;
  if (value === undefined) throw new MurmurationError("format", "missing field", field);
  const known = payloadIndexKinds.join(", ");
  throw new MurmurationError("format", `unknown value ${shown(value)}, expected one of ${known}`, field);
}

function readParameter(value: unknown, type: ParameterType, name: string): string | boolean {
  if (type === "boolean" && typeof value === "boolean") return value;
  if (type === "memory" && typeof value === "string" && memories.includes(value)) return value;
  const expected = type === "memory" ? `one of ${memories.join(", ")}` : type;
  throw new MurmurationError("format", `expected ${expected}, got ${shown(value)}`, name);
}

function readFieldSchema(value: unknown): PayloadIndexSchema {
  if (value === undefined || value === null) {
    throw new MurmurationError("format", "missing field: the type of a payload index is not guessed");
  }
  if (typeof value !== "object") return { kind: readKind(value, "") };
  const given = value as { readonly [name: string]: unknown };
  const kind = readKind(given.type, "type");
  const parameters: { [name: string]: Json } = {};
  for (const [name, type] of Object.entries({ ...parametersOf[kind], ...parametersOfAll })) {
    const parameter = given[name];
    if (parameter !== undefined && parameter !== null) parameters[name] = readParameter(parameter, type, name);
  }
  if (kind === "text") {
    readTextParameters(given, "");
    for (const name of textParameterNames) {
      const parameter = given[name];
      if (parameter !== undefined && parameter !== null) parameters[name] = parameter as Json;
    }
  }
  const { lookup, range } = parameters;
  if (lookup === false && range === false) {
    throw new MurmurationError("validation", "the 'lookup' and 'range' capabilities can't be both disabled");
  }
  return {
    kind,
    ...(typeof lookup === "boolean" ? { lookup } : {}),
    ...(typeof range === "boolean" ? { range } : {}),
    parameters,
  };
}

const createIndexFields = z.object({
  field_name: z.string().min(1),
  field_schema: parsedBy(readFieldSchema, {
    oneOf: [
      { type: "string", enum: [...payloadIndexKinds] },
      { type: "object", properties: { type: { type: "string", enum: [...payloadIndexKinds] } }, required: ["type"] },
    ],
  }),
});

export const createIndexBody = spelled(createIndexFields, { field_type: "field_schema" });
