import { MurmurationError } from "@murmuration/index";
import type { Dot } from "../causality/dot.js";
import { limits } from "../limits.js";
import type { PayloadSpan } from "./apart-payload.js";
import { catalogueFormat } from "./catalogue-change.js";
import { clearPayloadFormat } from "./clear-payload.js";
import { deleteFormat } from "./delete.js";
import { deletePayloadFormat } from "./delete-payload.js";
import { deleteVectorsFormat } from "./delete-vectors.js";
import { edgesFormat } from "./edges.js";
import { FieldReader } from "./field-reader.js";
import { forgetFormat } from "./forget.js";
import type { BodyFormat, Field } from "./format.js";
import { isGraphKey } from "./graph-key.js";
import { decodeMessage, encodeMessage, isEncodingOf } from "./message.js";
import type { Operation, OperationBody, OperationKind } from "./operation.js";
import {
  isOperationFormat,
  laterGraphsFormat,
  newestOperationFormat,
  type OperationFormat,
  oldestOperationFormat,
} from "./operation-format.js";
import { overwritePayloadFormat } from "./overwrite-payload.js";
import { readPlainUpsert } from "./plain-upsert.js";
import { purgeFormat } from "./purge.js";
import { refuseMessage } from "./refuse-message.js";
import { setPayloadFormat } from "./set-payload.js";
import { endOfValue } from "./structure.js";
import { updateVectorsFormat } from "./update-vectors.js";
import { upsertFormat } from "./upsert.js";
import { laterKindsFormat } from "./vector-kind.js";
import { oldestFormatOf } from "./vectors-field.js";
import { vectorsNamedBy } from "./vectors-named-by.js";
import { versionVectorToField } from "./version-vector-field.js";

const bodyFormats: { readonly [Kind in OperationKind]: BodyFormat<Extract<OperationBody, { kind: Kind }>> } = {
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

const bodyFormatByNumber = new Map<number, BodyFormat<OperationBody>>(
  Object.values(bodyFormats).map((format) => [format.number, format as BodyFormat<OperationBody>]),
);

/** Fields before those of the body. */
const HEAD_FIELDS = 5;

/** Where the payload stands in the bytes of an operation that is whole a point's; `undefined`: it is of no such kind. */
export function payloadSpanOf({ kind }: Operation, bytes: Uint8Array): PayloadSpan | undefined {
  const { payloadField } = bodyFormats[kind];
  if (payloadField === undefined) return undefined;
  // of an array, less than 16 fields are counted in its first byte
  let start = 1;
  for (let field = 0; field < HEAD_FIELDS + payloadField; field += 1) start = endOfValue(bytes, start);
  return { start, end: endOfValue(bytes, start) };
}

function fieldsOf(operation: Operation, format: OperationFormat): readonly Field[] {
  const body = bodyFormats[operation.kind] as BodyFormat<OperationBody>;
  return [
    format,
    body.number,
    operation.time.wallMs,
    operation.time.counter,
    versionVectorToField(operation.dependencies),
    ...body.write(operation, format),
  ];
}

/**
 * The operation as bytes: a msgpack array of format version, kind, time, dependencies and the fields of its kind. Shard, origin
 * and sequence are not in it; whoever keeps the bytes keeps those beside them. Equal operations give equal bytes in one format, and
 * what is read back from them is equal to what was written: nothing is changed on the way. Where the format does not have a vector's kind, or
 * graphs that came later, the oldest one is taken that has: who makes such a space or graph has seen to it that all members read it. Throws `wrong-input` for a payload that cannot be kept,
 * `format` for text that is not well-formed and `bad-request` for an operation over the size bound.
 */
export function encodeOperation(operation: Operation, format: OperationFormat = newestOperationFormat): Uint8Array {
  const bytes = encodeMessage(fieldsOf(operation, formatOf(operation, format)));
  if (bytes.byteLength > limits.operationBytesMax) {
    throw new MurmurationError(
      "bad-request",
      `the operation is ${bytes.byteLength} bytes, at most ${limits.operationBytesMax} are accepted`,
    );
  }
  return bytes;
}

/** A row of the newest format says that it names a graph that came later: one that does not is written as before there were such. */
function formatOf(operation: Operation, wanted: OperationFormat): OperationFormat {
  if (vectorsNamedBy(operation).some(isGraphKey)) return laterGraphsFormat;
  const least = "vectors" in operation ? oldestFormatOf(operation.vectors) : oldestOperationFormat;
  const most = wanted < laterGraphsFormat ? wanted : laterKindsFormat;
  return most > least ? most : least;
}

/**
 * The operation of bytes made by `encodeOperation`, in whatever format. Packed deltas in it are views of `bytes`, vectors are copies.
 * Throws `corrupt` for anything else: for values that no operation has, for one that rests on its own future, and for bytes that spell
 * an operation otherwise than `encodeOperation` does. What it can be applied to is not known here.
 */
export function decodeOperation(shard: string, origin: number, sequence: number, bytes: Uint8Array): Operation {
  const plain = readPlainUpsert(bytes);
  if (plain === undefined || plain.dependencies.has(origin)) return decodeAny(shard, origin, sequence, bytes);
  const { time, dependencies, body } = plain;
  return { shard, origin, sequence, time, dependencies, ...body };
}

/** The same in the general way, whatever kind it is and however it is spelled. */
export function decodeAny(shard: string, origin: number, sequence: number, bytes: Uint8Array): Operation {
  const what = `operation ${origin}:${sequence} of shard ${shard}`;
  const fields = new FieldReader(decodeMessage(bytes, what), what);
  const format = fields.integer();
  if (!isOperationFormat(format)) refuseMessage(`${what}: format version ${format} is not known`);
  const kind = fields.integer();
  const bodyFormat = bodyFormatByNumber.get(kind);
  if (bodyFormat === undefined) refuseMessage(`${what}: kind ${kind} is not known`);
  const time = fields.time();
  const dependencies = fields.versionVector();
  const body = bodyFormat.read(fields, format);
  fields.end();
  const operation: Operation = { shard, origin, sequence, time, dependencies, ...body };
  if (restsOnItself(operation)) refuseMessage(`${what}: it rests on itself or on what comes after it`);
  if (!isEncodingOf(bytes, fieldsOf(operation, format)))
    refuseMessage(`${what}: it is spelled otherwise than operations are`);
  return operation;
}

/** Does the operation need something to be there before it that its origin had not written yet? */
function restsOnItself(operation: Operation): boolean {
  const { origin, sequence, dependencies } = operation;
  const isLater = (dot: Dot) => dot.origin === origin && dot.sequence >= sequence;
  if (dependencies.has(origin)) return true;
  switch (operation.kind) {
    case "upsert":
    case "update-vectors":
      return operation.kept.some(({ dot }) => isLater(dot));
    case "purge":
      return operation.dots.some(isLater);
    case "edges": {
      const { closes } = operation;
      if (closes === undefined) return false;
      const { owner, through, foreign } = closes;
      return isLater({ origin: owner, sequence: through }) || (foreign.get(origin) ?? 0) >= sequence;
    }
    default:
      return false;
  }
}
