import { count, duration, percent } from "../../format.js";
import { quantile, total } from "../../histogram.js";
import { Card } from "../../parts/card.js";
import { Table } from "../../parts/table.js";
import type { Figures } from "./figures.js";

const SHOWN = 20;

/** Most routes are below a collection: what is the same in all of them leaves room for what is not. */
const shortened = (route: string) => route.replace("/collections/{collection_name}/", "…/");

/** How long each route took to answer, those asked most first. */
export function Routes({ figures }: { readonly figures: Figures }) {
  const rows = figures.routes
    .filter(({ durations }) => total(durations) > 0)
    .sort((a, b) => total(b.durations) - total(a.durations))
    .slice(0, SHOWN);
  return (
    <Card title="Routes" aside={<span class="soft">since the server's start</span>}>
      <Table
        caption="Routes by the number of their answers"
        columns={[
          {
            title: "Route",
            isRowHeader: true,
            cell: ({ route }) => <span class="mono overview-route">{shortened(route)}</span>,
          },
          { title: "Answers", isNumber: true, cell: ({ durations }) => count(total(durations)) },
          { title: "p50", isNumber: true, cell: ({ durations }) => duration(quantile(durations, 0.5)) },
          { title: "p99", isNumber: true, cell: ({ durations }) => duration(quantile(durations, 0.99)) },
          {
            title: "Refused",
            isNumber: true,
            cell: ({ refused, durations }) =>
              refused === 0 ? "0" : `${count(refused)} (${percent(refused / total(durations))})`,
          },
        ]}
        rows={rows}
        keyOf={({ route }) => route}
        empty="Nothing was asked yet."
      />
    </Card>
  );
}
