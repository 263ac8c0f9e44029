import type { FieldReader } from "./field-reader.js";
import type { OperationFormat } from "./operation-format.js";

/** A value that the message codec writes as it is. */
export type Field = null | boolean | number | bigint | string | Uint8Array | Float32Array | object;

/** How the body of one kind of operation travels: a number that names the kind, and its fields in order. */
export interface BodyFormat<Body extends { readonly kind: string }> {
  readonly kind: Body["kind"];
  /** Never given to another kind, also after this one is gone. */
  readonly number: number;
  /** Which of its fields is the whole payload of the one point that it writes. */
  readonly payloadField?: number;
  write(body: Body, format: OperationFormat): readonly Field[];
  read(fields: FieldReader, format: OperationFormat): Body;
}
