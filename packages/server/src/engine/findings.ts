import { randomBytes } from "node:crypto";
import { invitationText, isBuilding, nameOfKey, type Replica } from "@murmuration/core";
import type { Json, Space } from "@murmuration/index";
import { auditRecall } from "./audit.js";
import type { ClusterLink } from "./cluster-link.js";
import type { ReplicationReport } from "./database.js";
import type { DiskRoom } from "./engine-resources.js";
import type { LeftNothing } from "./erasure-questions.js";
import type { HostImages } from "./host-images.js";
import type { Answer, Question } from "./messages.js";

const NONCE_BYTES = 12;

/** What questions are asked of. */
export interface Asked {
  readonly replica: Replica;
  readonly link: ClusterLink | undefined;
  readonly images: Pick<HostImages, "writeAnew">;
  /** Bytes of the log's files. */
  readonly logBytes: () => number;
  readonly disk?: (() => DiskRoom | undefined) | undefined;
}

/** The answer to a question that only the engine's thread can answer. Throws what the replica throws. */
export function findAnswer(asked: Asked, question: Question): Answer {
  const { replica } = asked;
  switch (question.kind) {
    case "probe":
      replica.probeLog();
      return true;
    case "mend-payloads":
      replica.mendPayloads(question.shard);
      return true;
    case "erasures":
      return { ready: replica.erasures.ready(), erasures: replica.erasures.status() };
    case "leave-nothing":
      return leaveNothing(asked, question.round);
    case "replication":
      return report(asked);
    case "invite":
      return invitationText(
        replica.joining.invite(randomBytes(NONCE_BYTES).toString("hex"), Date.now() + question.forMs),
      );
    case "renew-key":
      replica.joining.renewKey();
      return true;
    case "holders":
      return replica.holders(question.token);
    case "digest":
      return replica.digest(question.collection);
    case "conflicts":
      return replica.conflicts(question.collection, question.limit) as unknown as Json;
    case "links":
      return replica.links(question.collection, question.id, question.vector) as unknown as Json;
    case "validate":
      return {
        graphs: replica.validate(question.collection) as unknown as Json,
        recall: auditRecall(spacesOf(replica, question.collection), question.samples),
      };
  }
}

/** Of files and streams: what was written before, or came to the stream, may hold what is erased. */
function leaveNothing({ link, images }: Asked, round: string): LeftNothing {
  const written = images.writeAnew(round);
  return { images: written, ...(link === undefined ? {} : { stream: link.purge(round) }) };
}

function spacesOf(replica: Replica, collection: string): ReadonlyMap<string, Space> {
  const { id } = replica.shard(collection);
  for (const { shard, indexes } of replica.writableShards()) {
    if (shard.id !== id) continue;
    const served = [...indexes].filter(([key]) => !isBuilding(shard.collection, key));
    return new Map(served.map(([key, space]) => [nameOfKey(shard.collection, key) ?? key, space]));
  }
  return new Map();
}

function report({ replica, link, logBytes, disk }: Asked): ReplicationReport {
  const cluster = link?.report();
  const room = disk?.();
  return {
    status: replica.status(),
    logBytes: logBytes(),
    ...(room === undefined ? {} : { disk: room }),
    ...(cluster === undefined ? {} : { cluster }),
  };
}
