import { type Collection, dotText, type HybridTime, type LeftOut, nameOfKey, type Operation } from "@murmuration/core";
import { type Payload, type PointId, printJson, printPayload, type Vector } from "@murmuration/index";
import { printId, printVectors } from "../read/print-points.js";

/** What of an operation is told beside its name, its kind and its points. */
export interface EventShape {
  readonly withVector: boolean;
  readonly withPayload: boolean;
}

const printTime = ({ wallMs, counter }: HybridTime) => `"wall_ms":${wallMs},"counter":${counter}`;

/** The vectors that live of those that an operation gives, by their names, and their values where they are asked for. */
function printGiven(
  collection: Collection,
  given: readonly { readonly name: string; readonly values: Vector }[],
  { withVector }: EventShape,
): string {
  const named: { [name: string]: Vector } = Object.create(null);
  for (const { name: key, values } of given) {
    const name = nameOfKey(collection, key);
    if (name !== undefined) named[name] = values;
  }
  const names = `,"vectors":${JSON.stringify(Object.keys(named))}`;
  return withVector ? `${names},"vector":${printVectors(named)}` : names;
}

function printNames(field: string, collection: Collection, keys: readonly string[]): string {
  const names = keys.map((key) => nameOfKey(collection, key)).filter((name) => name !== undefined);
  return `,"${field}":${JSON.stringify(names)}`;
}

const printIds = (ids: readonly PointId[]) => `,"ids":[${ids.map(printId).join()}]`;
const printed = (payload: Payload, { withPayload }: EventShape) =>
  withPayload ? `,"payload":${printPayload(payload)}` : "";

function printBody(operation: Operation, collection: Collection, shape: EventShape): string | undefined {
  switch (operation.kind) {
    case "upsert":
    case "update-vectors": {
      const kept = operation.kept.map(({ name }) => name);
      const given = printGiven(collection, operation.vectors, shape) + printNames("kept", collection, kept);
      const payload = operation.kind === "upsert" ? printed(operation.payload, shape) : "";
      return `,"id":${printId(operation.id)}${payload}${given}`;
    }
    case "delete-vectors":
      return printIds(operation.ids) + printNames("vectors", collection, operation.names);
    case "delete":
    case "clear-payload":
      return printIds(operation.ids);
    case "set-payload":
      return printIds(operation.ids) + printed(operation.fields, shape);
    case "overwrite-payload":
      return printIds(operation.ids) + printed(operation.payload, shape);
    case "delete-payload":
      return `${printIds(operation.ids)},"keys":${JSON.stringify(operation.fields)}`;
    default:
      return undefined;
  }
}

/**
 * What an operation is told as: one JSON object on one line; `undefined` for what upkeep does to graphs and tombstones, which changes no point. A vector that the collection does
 * not have any more is not told of.
 */
export function operationData(operation: Operation, collection: Collection, shape: EventShape): string | undefined {
  const body = printBody(operation, collection, shape);
  if (body === undefined) return undefined;
  return `{"dot":"${dotText(operation)}",${printTime(operation.time)},"kind":"${operation.kind}"${body}}`;
}

/** An event, as server-sent events are written; `token`: where a client goes on that has seen it. */
export function eventText(name: string, data: string, token?: string): string {
  return token === undefined ? `event: ${name}\ndata: ${data}\n\n` : `event: ${name}\nid: ${token}\ndata: ${data}\n\n`;
}

/** What a collection is made of, as far as it decides what its operations mean. */
export function collectionData({ name, vectors, payloadIndexes }: Collection): string {
  return printJson({ collection: name, vectors, payload_indexes: payloadIndexes });
}

/** What is told of operations where none is set aside. */
export const nothingLeftOutData = "[]";

/** The operations of a shard that are set aside, of those that are known by name. */
export function leftOutData({ setAside }: LeftOut, shard: string): string {
  const ofShard = setAside.first.filter((one) => one.shard === shard);
  return printJson(
    ofShard.map(({ origin, sequence, code, reason }) => ({ dot: dotText({ origin, sequence }), code, reason })),
  );
}
