import type { FastifyRequest } from "fastify";
import type { EventClient } from "./event-client.js";
import type { LiveQuery } from "./live-query.js";
import type { Told } from "./messages.js";

/** Somebody who follows the changes of a collection. */
export interface Following {
  readonly client: EventClient;
  /** As the request names it. */
  readonly collection: string;
  /** Id of the collection that it followed first: the name may be another's later. */
  readonly shard: string;
  readonly request: FastifyRequest;
  readonly told: Told;
  /** What it follows, if it is a live query. */
  live: LiveQuery | undefined;
  /** Is it to be sent the next page when it has taken the one before? */
  owes: boolean;
  /** What it was told last of operations that are set aside, as JSON. */
  leftOut: string;
  /** With whom it is told what is new. */
  group: number | undefined;
}
