import { bytes, count } from "../../format.js";
import { Card } from "../../parts/card.js";
import { Data } from "../../parts/data.js";
import { Table } from "../../parts/table.js";
import { href } from "../../route.js";
import type { Figures } from "./figures.js";

const SHOWN = 20;

/** The largest collections. */
export function Collections({ figures }: { readonly figures: Figures }) {
  const rows = [...figures.byCollection].sort((a, b) => b.points - a.points).slice(0, SHOWN);
  const more = figures.byCollection.length - rows.length;
  return (
    <Card title="Collections" aside={<a href={href("/collections")}>{more > 0 ? `${count(more)} more` : "all"}</a>}>
      <Table
        caption="Collections by their points"
        columns={[
          {
            title: "Name",
            isRowHeader: true,
            cell: ({ name }) => (
              <a href={href("/collections/:collection/points", { collection: name })}>
                <Data text={name} max={60} isBrief />
              </a>
            ),
          },
          { title: "Points", isNumber: true, cell: ({ points }) => count(points) },
          { title: "Graph", isNumber: true, cell: ({ graphBytes }) => bytes(graphBytes) },
        ]}
        rows={rows}
        keyOf={({ name }) => name}
        empty="There is no collection yet."
      />
    </Card>
  );
}
