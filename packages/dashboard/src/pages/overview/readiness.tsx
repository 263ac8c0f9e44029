import { count, duration } from "../../format.js";
import { Badge } from "../../parts/badge.js";
import { Data } from "../../parts/data.js";
import type { Status } from "../../status.js";

/** What `/readyz` says, in words, and what is not part of what is served. */
export function Readiness({ status }: { readonly status: Status }) {
  const { ready, reasons = [], version, replica_id: replica, uptime_seconds: uptime } = status;
  const { set_aside: aside, catalogue_problems: catalogue } = status;
  return (
    <section class={`readiness readiness-${ready ? "good" : "bad"}`} aria-label="Readiness">
      <div class="readiness-head">
        <Badge mood={ready ? "good" : "bad"}>{ready ? "Ready" : "Not ready"}</Badge>
        <span>{ready ? "Reads and writes are served." : "Not all reads and writes are served:"}</span>
        <span class="readiness-facts">
          version {version} · replica {replica} · up {duration(uptime)}
        </span>
      </div>
      {reasons.length === 0 ? null : (
        <ul>
          {reasons.map((reason) => (
            <li key={reason}>
              <Data text={reason} max={600} />
            </li>
          ))}
        </ul>
      )}
      {aside.total === 0 ? null : (
        <details>
          <summary>
            {count(aside.total)} operations are set aside: they do not fit the state here, and what follows them waits
          </summary>
          <ul>
            {aside.operations.map(({ shard, origin, sequence, reason }) => (
              <li key={`${shard} ${origin} ${sequence}`}>
                {origin}:{sequence} of shard {shard}: <Data text={reason} max={400} />
              </li>
            ))}
          </ul>
        </details>
      )}
      {catalogue.total === 0 ? null : (
        <details>
          <summary>{count(catalogue.total)} entries of the catalogue cannot be read and are left out</summary>
          <ul>
            {catalogue.problems.map((problem) => (
              <li key={problem}>
                <Data text={problem} max={400} />
              </li>
            ))}
          </ul>
        </details>
      )}
    </section>
  );
}
