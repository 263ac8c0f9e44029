import { type Batch, decodeBatch, decodeBatchOperations, decodeEnvelope, type Operation } from "@murmuration/core";
import type { PointId } from "@murmuration/index";
import type { SentMessage } from "./network.js";
import type { Step } from "./workload.js";

/** An operation as people read it. */
export interface OperationNote {
  readonly origin: number;
  readonly sequence: number;
  readonly kind: string;
  /** Points that it writes, as text. */
  readonly ids: readonly string[];
}

function idsOf(operation: Operation): readonly PointId[] {
  if ("ids" in operation) return operation.ids;
  if ("id" in operation) return [operation.id];
  return operation.kind === "forget" ? operation.tombstones.map(({ id }) => id) : [];
}

function noteOf(operation: Operation): OperationNote {
  const { origin, sequence, kind } = operation;
  const kindOfEdges = operation.kind === "edges" ? operation.reason : kind;
  return { origin, sequence, kind: kindOfEdges, ids: idsOf(operation).map(String) };
}

/** The operations that a message carries; none where it is damaged or carries something else. */
export function operationsIn({ bytes }: SentMessage): OperationNote[] {
  try {
    const { message } = decodeEnvelope(bytes);
    return message.kind === "operations" ? decodeBatchOperations(decodeBatch(message.batch)).map(noteOf) : [];
  } catch {
    return [];
  }
}

/** The operations that a command came to. */
export function operationsOf(written: readonly Batch[]): OperationNote[] {
  return written.flatMap((batch) => decodeBatchOperations(batch)).map(noteOf);
}

/** Runs of operations by what they do: "2:5–6 upsert 4 9, 2:7 stitch". */
export function describeOperations(operations: readonly OperationNote[]): string {
  const runs: { origin: number; first: number; last: number; kind: string; ids: string[] }[] = [];
  for (const { origin, sequence, kind, ids } of operations) {
    const run = runs.at(-1);
    if (run?.origin === origin && run.kind === kind && run.last + 1 === sequence) {
      run.last = sequence;
      run.ids.push(...ids);
    } else runs.push({ origin, first: sequence, last: sequence, kind, ids: [...ids] });
  }
  return runs
    .map(({ origin, first, last, kind, ids }) => {
      const range = first === last ? `${first}` : `${first}–${last}`;
      return [`${origin}:${range}`, kind, ...ids].join(" ");
    })
    .join(", ");
}

/** A message by what is in it. */
export function describeMessage(sent: SentMessage): string {
  try {
    const { message } = decodeEnvelope(sent.bytes);
    switch (message.kind) {
      case "operations":
        return `operations ${describeOperations(operationsIn(sent))}`;
      case "request":
        return `request for ${message.origin} behind ${message.after} of ${message.shard}`;
      default:
        return message.kind;
    }
  } catch {
    return `unreadable (${sent.fate})`;
  }
}

/** A client's command by what it names. */
export function describeCommand(command: Step["command"]): string {
  if (command.kind === "upsert-points") return `upsert ${command.points.map(({ id }) => id).join(" ")}`;
  if (command.kind === "add-vector") return `add vector ${command.name} ${command.space.size ?? "sparse"}`;
  if (command.kind === "begin-graph")
    return `begin graph ${command.links}/${command.efConstruction} of ${command.vector}`;
  if (command.kind === "drop-vector") return `drop vector ${command.name}`;
  if (command.kind === "point-batch") return `batch (${command.commands.map(describeCommand).join(", ")})`;
  const target = "target" in command ? command.target : undefined;
  const verb = command.kind === "delete-points" ? "delete" : command.kind;
  if (target === undefined) return verb;
  return "ids" in target ? `${verb} ${target.ids.join(" ")}` : `${verb} by filter`;
}
