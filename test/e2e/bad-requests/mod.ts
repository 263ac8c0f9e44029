import type { BadRequest } from "./bad-request.js";
import { bodies, large } from "./bodies.js";
import { collections } from "./collections.js";
import { points } from "./points.js";
import { reads } from "./reads.js";
import { writes } from "./writes.js";

/** Everything that a server must survive, in order. */
export const badRequests: readonly BadRequest[] = [...points, ...reads, ...writes, ...collections, ...bodies, ...large];
