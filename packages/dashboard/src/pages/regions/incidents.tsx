import { bytes, count, moment } from "../../format.js";
import { Card } from "../../parts/card.js";
import { Data } from "../../parts/data.js";
import { Stat } from "../../parts/stat.js";
import { Table } from "../../parts/table.js";
import type { Replication } from "./cluster.js";

/** What was refused or went wrong between members, and what comparing them has come to. */
export function Incidents({ replication }: { readonly replication: Replication }) {
  const { incidents = [], refused = {}, reconciliation, transport, inbox_bytes: inbox = 0 } = replication;
  const refusals = Object.values(refused).reduce((sum, times) => sum + times, 0);
  return (
    <Card title="Incidents" aside={<span class="soft">since this replica's start</span>}>
      <dl class="stats regions-stats">
        {reconciliation === undefined ? null : (
          <>
            <Stat
              label="Comparisons"
              value={count(reconciliation.rounds)}
              note={`${count(reconciliation.equal)} equal`}
            />
            <Stat
              label="Differences"
              value={count(reconciliation.differing)}
              note={`${count(reconciliation.repaired_points)} points and ${count(reconciliation.repaired_lists)} lists mended`}
            />
          </>
        )}
        <Stat label="Refused" value={count(refusals)} note="messages and operations" />
        <Stat label="Waiting" value={bytes(inbox)} note={`${bytes(transport?.queued_bytes ?? 0)} to be sent`} />
      </dl>
      <Table
        caption="The latest incidents, newest first"
        columns={[
          { title: "Last", cell: ({ last }) => <time dateTime={last}>{moment(last)}</time> },
          { title: "Reason", isRowHeader: true, cell: ({ reason }) => <Data text={reason} max={60} /> },
          { title: "Detail", cell: ({ detail }) => <Data text={detail} /> },
          { title: "Times", isNumber: true, cell: ({ times }) => count(times) },
        ]}
        rows={[...incidents].reverse()}
        keyOf={({ reason, detail, first }) => `${reason} ${detail} ${first}`}
        empty="Nothing was refused and nothing went wrong."
      />
    </Card>
  );
}
