import { comparePointIds, emptyFilter, type Filter, type PointId, type Sliced } from "@murmuration/index";
import type { Command, PointCommand } from "../command/command.js";
import { matchingRows } from "../query/matching.js";
import type { Shard } from "../state/shard.js";
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

/** The command with the points that its filter selects named instead. `shard`: where it would be executed now. Throws what that throws. */
export function* resolveFilter(command: PointCommand, shard: () => Shard): Sliced<PointCommand> {
  const filter = filterOf(command);
  if (filter === undefined) return command;
  for (;;) {
    const current = shard();
    const { table } = current;
    const rows = yield* matchingRows(table, filter);
    // another may have taken its place
    if (shard() !== current) continue;
    // by id, because the order of rows is another one after a restart
    const ids = Array.from(rows, (row) => table.at(row).id).sort(comparePointIds);
    return withIds(command, ids);
  }
}

function withIds(command: PointCommand, ids: readonly PointId[]): PointCommand {
  if ("target" in command) return { ...command, target: { ids } };
  return { ...command, updateFilter: { ...emptyFilter, must: [{ kind: "has-id", ids }] } };
}
