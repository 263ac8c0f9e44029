import { emptyFilter, type Filter, MurmurationError, type PointId, type Sliced } from "@murmuration/index";
import type { Command, FoundPoints, PointBatch, PointCommand, PointWrite } from "../../command/command.js";
import { limits } from "../../limits.js";
import { matchingPoints } from "../../state/matching-points.js";
import type { WritableShard } from "../../state/writable-shard.js";
import { commandsOf, isPointWrite } from "./plan-points.js";

/** The filter by which a command selects its points, or those of its points that it writes; none: it names them. */
function filterOf(command: PointCommand): Filter | undefined {
  if ("updateFilter" in command && command.updateFilter !== undefined) {
    // of points that are not named nothing is asked
    const ids = command.points.map(({ id }) => id);
    const isOne = { kind: "has-id", ids } as const;
    return { ...emptyFilter, must: [isOne, { kind: "filter", filter: command.updateFilter }] };
  }
  return "target" in command && "filter" in command.target ? command.target.filter : undefined;
}

/** Does a command select points by a filter, however much that costs? */
export function selectsByFilter(command: Command): command is PointWrite {
  return isPointWrite(command) && commandsOf(command).some((each) => filterOf(each) !== undefined);
}

/** The command with the points that its filter selects named instead. `target`: where it would be executed now. Throws what that throws. */
export function* resolveFilter(command: PointWrite, target: () => WritableShard): Sliced<PointWrite> {
  if (command.kind === "point-batch") return yield* resolveBatch(command, target);
  const filter = filterOf(command);
  if (filter === undefined) return command;
  for (;;) {
    const current = target();
    const ids = yield* matchingPoints(current, filter);
    // another may have taken its place
    if (target() === current) return withIds(command, ids);
  }
}

/** Each filter is evaluated at a time of its own: what is written from the first of these times on stays in doubt, as what the batch itself writes. */
function* resolveBatch(batch: PointBatch, target: () => WritableShard): Sliced<PointBatch> {
  for (;;) {
    const current = target();
    const doubtful = new Set<PointId>();
    const unwatch = current.shard.watchPoints((id) => doubtful.add(id));
    try {
      const found: (FoundPoints | undefined)[] = [];
      let selected = 0;
      for (const command of batch.commands) {
        const filter = filterOf(command);
        const ids = filter === undefined ? undefined : new Set(yield* matchingPoints(current, filter));
        selected += ids?.size ?? 0;
        if (selected > limits.batchSelectedMax) {
          const message = `the filters of one batch may select ${limits.batchSelectedMax} points together`;
          throw new MurmurationError("bad-request", message, "operations");
        }
        found.push(ids === undefined ? undefined : { ids, doubtful });
      }
      if (target() === current) return { ...batch, found };
    } finally {
      unwatch();
    }
  }
}

function withIds(command: PointCommand, ids: readonly PointId[]): PointCommand {
  if ("target" in command) return { ...command, target: { ids } };
  return { ...command, updateFilter: { ...emptyFilter, must: [{ kind: "has-id", ids }] } };
}
