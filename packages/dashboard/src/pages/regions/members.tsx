import { ask, path } from "../../api.js";
import { count, duration } from "../../format.js";
import { Badge } from "../../parts/badge.js";
import { Data } from "../../parts/data.js";
import { question } from "../../parts/dialog.js";
import { Table } from "../../parts/table.js";
import { notify } from "../../parts/toast.js";
import type { Member } from "./cluster.js";

const inMs = (ms: number | null | undefined) => (ms === null || ms === undefined ? "–" : duration(ms / 1000));

async function evict({ id, region }: Member, onChanged: () => void): Promise<void> {
  const isSure = await question({
    title: "Evict a member for good?",
    text: (
      <>
        <p>
          Replica {id} in region <Data text={region} max={80} isBrief /> is taken out of the cluster: nobody waits for
          it any more, and what it wrote and nobody has is lost. It cannot be undone; to come back it has to join anew,
          under another id.
        </p>
      </>
    ),
    action: "Evict",
    isDangerous: true,
    typed: region,
  });
  if (!isSure) return;
  try {
    await ask("POST", path`/murmur/cluster/members/${id}/evict`);
    notify(`Replica ${id} in ${region} is evicted`);
  } catch (error) {
    notify(`Replica ${id} was not evicted: ${(error as Error).message}`, "failed");
  }
  onChanged();
}

function lag({ peer }: Member): string {
  if (peer === undefined) return "–";
  if (peer.lag_operations === 0) return "none";
  return `${count(peer.lag_operations)} operations, ${duration(peer.lag_seconds)}`;
}

function breaker({ link }: Member): string {
  if (link === undefined) return "–";
  return link.state === "connected" ? `breaker ${link.breaker}` : link.state;
}

/** Every member in words and figures. */
export function Members({
  members,
  onChanged,
}: {
  readonly members: readonly Member[];
  readonly onChanged: () => void;
}) {
  return (
    <Table
      caption="Members of the cluster, as this replica sees them"
      columns={[
        {
          title: "Region",
          isRowHeader: true,
          cell: ({ region, id, url }) => (
            <>
              <Data text={region} max={40} isBrief />
              <span class="regions-below">replica {id}</span>
              {url === null ? null : (
                <span class="regions-error">
                  <Data text={url} max={60} isBrief />
                </span>
              )}
            </>
          ),
        },
        {
          title: "State",
          cell: ({ mood, state, link }) => (
            <>
              <Badge mood={mood}>{state}</Badge>
              {link === undefined || link.last_error === null || link.state === "connected" ? null : (
                <span class="regions-error">
                  <Data text={link.last_error} max={80} isBrief />
                </span>
              )}
            </>
          ),
        },
        { title: "Lag here", isNumber: true, cell: lag },
        { title: "Heard before", isNumber: true, cell: ({ peer }) => inMs(peer?.silent_ms) },
        {
          title: "Round trip",
          isNumber: true,
          cell: (member) => (
            <>
              {inMs(member.link?.round_trip_ms)}
              {member.link === undefined ? null : <span class="regions-below">{breaker(member)}</span>}
            </>
          ),
        },
        { title: "Clock ahead", isNumber: true, cell: ({ peer }) => inMs(peer?.clock_offset_ms) },
        {
          title: "",
          cell: (member) =>
            member.isHere || member.isEvicted ? null : (
              <button type="button" class="small danger" onClick={() => void evict(member, onChanged)}>
                Evict<span class="heard"> {member.region}</span>
              </button>
            ),
        },
      ]}
      rows={members}
      keyOf={({ id }) => id}
    />
  );
}
