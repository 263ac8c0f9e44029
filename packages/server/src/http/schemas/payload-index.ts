import {
  MurmurationError,
  type PayloadIndexKind,
  type PayloadIndexSchema,
  payloadIndexKinds,
} from "@murmuration/index";
import { z } from "zod";
import { parsedBy, shown } from "./fields.js";
import { spelled } from "./spellings.js";

const unservedKinds = ["geo", "text", "datetime", "uuid"];

/** Parameters kept to be shown again, with the type each must have. */
const parametersOf: { readonly [kind in PayloadIndexKind]: { readonly [name: string]: "boolean" | "string" } } = {
  keyword: { is_tenant: "boolean", on_disk: "boolean", memory: "string", enable_hnsw: "boolean", prefix: "boolean" },
  integer: {
    lookup: "boolean",
    range: "boolean",
    is_principal: "boolean",
    on_disk: "boolean",
    memory: "string",
    enable_hnsw: "boolean",
  },
  float: { is_principal: "boolean", on_disk: "boolean", memory: "string", enable_hnsw: "boolean" },
  bool: { on_disk: "boolean", memory: "string", enable_hnsw: "boolean" },
};

function readKind(value: unknown, field: string): PayloadIndexKind {
  const kind = payloadIndexKinds.find((known) => known === value);
  if (kind !== undefined) return kind;
  if (typeof value === "string" && unservedKinds.includes(value)) {
    throw new MurmurationError("unsupported", `payload indexes of type ${value} are not supported yet`, field);
  }
  if (value === undefined) throw new MurmurationError("format", "missing field", field);
  const known = [...payloadIndexKinds, ...unservedKinds].join(", ");
  throw new MurmurationError("format", `unknown value ${shown(value)}, expected one of ${known}`, field);
}

function readFieldSchema(value: unknown): PayloadIndexSchema {
  if (value === undefined || value === null) {
    throw new MurmurationError("format", "missing field: the type of a payload index is not guessed");
  }
  if (typeof value !== "object") return { kind: readKind(value, "") };
  const given = value as { readonly [name: string]: unknown };
  const kind = readKind(given.type, "type");
  const parameters: { [name: string]: string | boolean } = {};
  for (const [name, type] of Object.entries(parametersOf[kind])) {
    const parameter = given[name];
    if (parameter === undefined || parameter === null) continue;
    if ((typeof parameter !== "string" && typeof parameter !== "boolean") || typeof parameter !== type) {
      throw new MurmurationError("format", `expected ${type}, got ${shown(parameter)}`, name);
    }
    parameters[name] = parameter;
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
