import { MurmurationError } from "@murmuration/index";
import { limits } from "../limits.js";
import { catalogueFormat } from "./catalogue-change.js";
import { clearPayloadFormat } from "./clear-payload.js";
import { deleteFormat } from "./delete.js";
import { deletePayloadFormat } from "./delete-payload.js";
import { deleteVectorsFormat } from "./delete-vectors.js";
import { edgesFormat } from "./edges.js";
import { FieldReader, refuseMessage } from "./field-reader.js";
import { forgetFormat } from "./forget.js";
import type { BodyFormat } from "./format.js";
import { decodeMessage, encodeMessage } from "./message.js";
import type { Operation, OperationBody, OperationKind } from "./operation.js";
import { overwritePayloadFormat } from "./overwrite-payload.js";
import { purgeFormat } from "./purge.js";
import { setPayloadFormat } from "./set-payload.js";
import { updateVectorsFormat } from "./update-vectors.js";
import { upsertFormat } from "./upsert.js";
import { versionVectorToField } from "./version-vector-field.js";

/** First field of every operation. A reader refuses any other. */
export const operationFormatVersion = 1;

const formats: { readonly [Kind in OperationKind]: BodyFormat<Extract<OperationBody, { kind: Kind }>> } = {
  upsert: upsertFormat,
  "update-vectors": updateVectorsFormat,
  "delete-vectors": deleteVectorsFormat,
  delete: deleteFormat,
  "set-payload": setPayloadFormat,
  "overwrite-payload": overwritePayloadFormat,
  "delete-payload": deletePayloadFormat,
  "clear-payload": clearPayloadFormat,
  catalogue: catalogueFormat,
  edges: edgesFormat,
  purge: purgeFormat,
  forget: forgetFormat,
};

const formatByNumber = new Map<number, BodyFormat<OperationBody>>(
  Object.values(formats).map((format) => [format.number, format as BodyFormat<OperationBody>]),
);

/**
 * The operation as bytes: a msgpack array of format version, kind, time, dependencies and the fields of its kind. Shard, origin
 * and sequence are not in it; whoever keeps the bytes keeps those beside them. Equal operations give equal bytes.
 * Throws `wrong-input` for a payload that cannot be kept and `bad-request` for an operation over the size bound.
 */
export function encodeOperation(operation: Operation): Uint8Array {
  const format = formats[operation.kind] as BodyFormat<OperationBody>;
  const bytes = encodeMessage([
    operationFormatVersion,
    format.number,
    operation.time.wallMs,
    operation.time.counter,
    versionVectorToField(operation.dependencies),
    ...format.write(operation),
  ]);
  if (bytes.byteLength > limits.operationBytesMax) {
    throw new MurmurationError(
      "bad-request",
      `the operation is ${bytes.byteLength} bytes, at most ${limits.operationBytesMax} are accepted`,
    );
  }
  return bytes;
}

/**
 * The operation of bytes made by `encodeOperation`. Packed deltas in it are views of `bytes`, vectors are copies.
 * Throws `corrupt` for anything else.
 */
export function decodeOperation(shard: string, origin: number, sequence: number, bytes: Uint8Array): Operation {
  const what = `operation ${origin}:${sequence} of shard ${shard}`;
  const fields = new FieldReader(decodeMessage(bytes, what), what);
  const version = fields.integer();
  if (version !== operationFormatVersion) refuseMessage(`${what}: format version ${version} is not known`);
  const kind = fields.integer();
  const format = formatByNumber.get(kind);
  if (format === undefined) refuseMessage(`${what}: kind ${kind} is not known`);
  const time = fields.time();
  const dependencies = fields.versionVector();
  const body = format.read(fields);
  fields.end();
  return { shard, origin, sequence, time, dependencies, ...body };
}
