import { randomBytes } from "node:crypto";

/** Two random words for the ids in a table: whoever chooses ids cannot make them collide. */
export function newTableSeed(): readonly [number, number] {
  const bytes = randomBytes(8);
  return [bytes.readUInt32LE(0), bytes.readUInt32LE(4)];
}
