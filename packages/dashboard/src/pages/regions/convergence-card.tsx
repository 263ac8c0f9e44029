import { useState } from "preact/hooks";
import { count } from "../../format.js";
import { Badge } from "../../parts/badge.js";
import { Card } from "../../parts/card.js";
import { Data } from "../../parts/data.js";
import { Table } from "../../parts/table.js";
import { type Convergence, type Distance, summaryOf, verdictOf } from "./convergence.js";

const SHOWN = 25;

interface Row {
  /** `undefined`: the catalogue. */
  readonly collection: string | undefined;
  readonly points: number | undefined;
  readonly members: readonly Distance[];
}

const rankOf = ({ collection, members }: Row) =>
  Math.max(0, ...members.map((one) => verdictOf(one, collection !== undefined).rank));

/** Are the members equal, and if not, where. What differs comes first. */
export function ConvergenceCard({ convergence }: { readonly convergence: Convergence }) {
  const [isAll, setAll] = useState(false);
  const summary = summaryOf(convergence);
  const rows: Row[] = [
    { collection: undefined, points: undefined, members: convergence.catalogue.members },
    ...convergence.collections,
  ].sort((a, b) => rankOf(b) - rankOf(a));
  const shown = isAll ? rows : rows.slice(0, SHOWN);
  const others = [...convergence.catalogue.members].sort((a, b) =>
    (a.region ?? "").localeCompare(b.region ?? "", "en"),
  );
  return (
    <Card
      title="Convergence"
      aside={
        <Badge mood={summary.mood}>
          {summary.rank <= 1 ? "Converged" : summary.rank === 2 ? "Converging" : "Look here"}
        </Badge>
      }
    >
      <p class="regions-summary" role="status">
        {summary.words}.
      </p>
      <Table
        caption="How far each member is from this replica, by collection"
        columns={[
          {
            title: "Collection",
            isRowHeader: true,
            cell: ({ collection }) =>
              collection === undefined ? (
                <span class="soft">catalogue</span>
              ) : (
                <Data text={collection} max={60} isBrief />
              ),
          },
          { title: "Points here", isNumber: true, cell: ({ points }) => (points === undefined ? "" : count(points)) },
          ...others.map(({ id, region }) => ({
            title:
              region === null
                ? `replica ${id}`
                : others.some((one) => one.region === region && one.id !== id)
                  ? `${region} (${id})`
                  : region,
            cell: ({ collection, members }: Row) => {
              const distance = members.find((one) => one.id === id);
              if (distance === undefined) return "–";
              const { mood, words } = verdictOf(distance, collection !== undefined);
              return <Badge mood={mood}>{words}</Badge>;
            },
          })),
        ]}
        rows={shown}
        keyOf={({ collection }) => (collection === undefined ? "catalogue" : `c ${collection}`)}
      />
      {rows.length > SHOWN ? (
        <button type="button" class="link" onClick={() => setAll(!isAll)}>
          {isAll ? "show less" : `show all ${count(rows.length)}`}
        </button>
      ) : null}
    </Card>
  );
}
