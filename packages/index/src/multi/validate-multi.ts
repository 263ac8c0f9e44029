import { slot } from "../sparse/sparse-layout.js";
import { type SparseMemory, wordsOfSlot } from "../sparse/sparse-memory.js";
import type { GraphReport, GraphViolation } from "../vector-index/validate.js";
import { partsAt } from "./multi-index.js";
import type { MultiOptions } from "./multi-options.js";
import { CODES_AT, codeShapeOf, PartCodes } from "./part-codes.js";

/** Place of the writer's thread, which asks. */
const WRITER = 0;
const VIOLATIONS_MAX = 100;

/** Are the codes of all multivectors those of their parts? */
export function validateMulti(memory: SparseMemory, options: MultiOptions): GraphReport {
  const shape = codeShapeOf(options);
  const codes = shape && new PartCodes(memory, options, shape, WRITER);
  const violations: GraphViolation[] = [];
  for (let of = 1; of < memory.slotCount && codes !== undefined && violations.length < VIOLATIONS_MAX; of++) {
    if (!memory.nodeAt(of).linked) continue;
    const block = memory.u32[wordsOfSlot(of) + slot.block] as number;
    if (codes.areCodesOf(partsAt(memory, of, options), memory.countAt(of), block + CODES_AT)) continue;
    const { origin, sequence } = memory.dotAt(of);
    const detail = `the codes of ${origin}:${sequence} are not those of its parts`;
    violations.push({ rule: "codes", slot: of, level: 0, detail });
  }
  return {
    nodes: memory.linkedCount,
    dead: memory.deadCount,
    unreachable: 0,
    averageDegree: 0,
    levels: memory.linkedCount === 0 ? [] : [memory.linkedCount],
    violations,
  };
}
