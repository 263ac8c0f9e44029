import { ask } from "../../api.js";
import { Badge } from "../../parts/badge.js";
import { Busy } from "../../parts/busy.js";
import { Card } from "../../parts/card.js";
import { Data } from "../../parts/data.js";
import { ErrorBox } from "../../parts/error-box.js";
import { useResource } from "../../use-resource.js";
import { type Cluster, membersOf, type Replication } from "./cluster.js";
import type { Convergence } from "./convergence.js";
import { ConvergenceCard } from "./convergence-card.js";
import { Incidents } from "./incidents.js";
import { InviteButton } from "./invite.js";
import { Members } from "./members.js";
import { Ring } from "./ring.js";
import "./regions.css";

const REFRESH_MS = 2_000;

async function look(signal: AbortSignal) {
  const get = <Result,>(path: string) => ask<Result>("GET", path, { signal });
  const [cluster, replication, convergence] = await Promise.all([
    get<Cluster>("/murmur/cluster"),
    get<Replication>("/murmur/replication"),
    get<Convergence>("/murmur/convergence"),
  ]);
  return { cluster, replication, convergence };
}

type Known = Awaited<ReturnType<typeof look>>;

function Alone() {
  return (
    <Card title="This server is alone">
      <p class="soft">
        It takes part in no cluster. Regions that all take writes and converge to the same data are the same server,
        started with <code>--region</code>, <code>--nats</code> and <code>--peer</code> (docs/operations.md).
      </p>
    </Card>
  );
}

function Shown({ known, reload }: { readonly known: Known; readonly reload: () => void }) {
  const { cluster, replication, convergence } = known;
  if (!cluster.enabled) return <Alone />;
  const members = membersOf(cluster, replication);
  return (
    <>
      {cluster.refuses_writes === null ? null : (
        <div class="regions-refuses" role="status">
          <Badge mood="bad">Refuses writes</Badge> <Data text={cluster.refuses_writes} max={600} />
        </div>
      )}
      <Card title="Members" aside={<InviteButton />}>
        <div class="regions-members">
          <Ring members={members} />
          <Members members={members} onChanged={reload} />
        </div>
      </Card>
      <ConvergenceCard convergence={convergence} />
      <Incidents replication={replication} />
    </>
  );
}

/** The members of the cluster, how far they are from each other, and what went wrong between them. */
export function Page() {
  const { value, error, reload } = useResource(look, [], REFRESH_MS);
  return (
    <div class="stack">
      <ErrorBox
        what={value === undefined ? "The cluster could not be looked at" : "What follows is not the latest"}
        error={error}
        onRetry={reload}
      />
      {value !== undefined ? <Shown known={value} reload={reload} /> : error === undefined ? <Busy /> : null}
    </div>
  );
}
