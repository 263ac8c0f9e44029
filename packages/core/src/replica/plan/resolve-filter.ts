import { emptyFilter, type Filter, type PointId, type Sliced } from "@murmuration/index";
import type { Command, PointCommand } from "../../command/command.js";
import { matchingPoints } from "../../state/matching-points.js";
import type { WritableShard } from "../../state/writable-shard.js";
import { isPointCommand } from "./plan-points.js";

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
export function selectsByFilter(command: Command): command is PointCommand {
  return isPointCommand(command) && filterOf(command) !== undefined;
}

/** The command with the points that its filter selects named instead. `target`: where it would be executed now. Throws what that throws. */
export function* resolveFilter(command: PointCommand, target: () => WritableShard): Sliced<PointCommand> {
  const filter = filterOf(command);
  if (filter === undefined) return command;
  for (;;) {
    const current = target();
    const ids = yield* matchingPoints(current, filter);
    // another may have taken its place
    if (target() === current) return withIds(command, ids);
  }
}

function withIds(command: PointCommand, ids: readonly PointId[]): PointCommand {
  if ("target" in command) return { ...command, target: { ids } };
  return { ...command, updateFilter: { ...emptyFilter, must: [{ kind: "has-id", ids }] } };
}
