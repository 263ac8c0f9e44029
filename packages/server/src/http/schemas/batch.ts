import { MurmurationError } from "@murmuration/index";
import { z } from "zod";
import { inputSchemaOf, itemsOf, type JsonSchema, parsedBy, shown, within } from "./fields.js";
import {
  clearPayloadBody,
  deletePayloadBody,
  deletePointsBody,
  deleteVectorsBody,
  setPayloadBody,
  updateVectorsBody,
  upsertBody,
} from "./points.js";
import { validate } from "./validate.js";

/** What an operation of a batch holds, by its kind: each the body of the route that does it alone. */
const bodies = {
  upsert: upsertBody,
  delete: deletePointsBody,
  set_payload: setPayloadBody,
  overwrite_payload: setPayloadBody,
  delete_payload: deletePayloadBody,
  clear_payload: clearPayloadBody,
  update_vectors: updateVectorsBody,
  delete_vectors: deleteVectorsBody,
} as const;

type Bodies = typeof bodies;
type Kind = keyof Bodies;

/** One operation of a batch. */
export type UpdateOperation = { [Key in Kind]: { readonly kind: Key; readonly body: z.output<Bodies[Key]> } }[Kind];

const kinds = Object.keys(bodies) as Kind[];

function readOperation(value: unknown): UpdateOperation {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new MurmurationError("format", `expected object, got ${shown(value)}`);
  const given = kinds.filter((kind) => Object.hasOwn(value, kind));
  const [kind] = given;
  if (kind === undefined || given.length > 1)
    throw new MurmurationError("format", `expected one of ${kinds.join(", ")}`);
  const body = within(kind, () => validate(bodies[kind] as z.ZodType, (value as { [key: string]: unknown })[kind]));
  return { kind, body } as UpdateOperation;
}

function schemaOf(kind: Kind): JsonSchema {
  return { type: "object", properties: { [kind]: inputSchemaOf(bodies[kind]) }, required: [kind] };
}

/** Writes of all kinds, in order. */
export const batchBody = z.object({
  operations: itemsOf(parsedBy(readOperation, () => ({ oneOf: kinds.map(schemaOf) }))),
});
