import { useState } from "preact/hooks";
import { count, duration } from "../../format.js";
import { Card } from "../../parts/card.js";
import { Data } from "../../parts/data.js";
import { ErrorBox } from "../../parts/error-box.js";
import { Stat } from "../../parts/stat.js";
import { FILE_BYTES_MAX, type Run, readRun } from "./read-run.js";
import { Replay } from "./replay.js";
import "../../looking/looking.css";

function Violation({ run }: { readonly run: Run }) {
  const { violation } = run;
  if (violation === undefined) return <p>No rule was broken.</p>;
  const { checker, atMs, detail, replicas, points } = violation;
  return (
    <div class="error-box">
      <div>
        <strong>
          <Data text={checker} max={80} />: broken at {count(atMs)} ms
        </strong>
        <p>
          <Data text={detail} max={600} />
        </p>
        <p class="soft">
          {replicas.length === 0 ? "" : `Shown by replica ${replicas.join(", ")}. `}
          {points.length === 0 ? "" : "About "}
          {points.length === 0 ? null : <Data text={`points ${points.join(", ")}`} max={120} />}
        </p>
      </div>
    </div>
  );
}

/** Reports of the simulator, opened from a file and played step by step. Nothing of them leaves the browser. */
export function Page() {
  const [run, setRun] = useState<Run>();
  const [error, setError] = useState<Error>();
  const [turn, setTurn] = useState(0);
  const open = async (file: File | undefined) => {
    if (file === undefined) return;
    setError(undefined);
    try {
      if (file.size > FILE_BYTES_MAX) throw new Error(`The file is larger than ${FILE_BYTES_MAX / 1024 / 1024} MiB.`);
      setRun(readRun(await file.text()));
      setTurn((before) => before + 1);
    } catch (failure) {
      setRun(undefined);
      setError(failure as Error);
    }
  };
  return (
    <div class="stack">
      <Card title="Report">
        <label class="field">
          <span class="field-label">A file that the simulator wrote</span>
          <input
            type="file"
            accept=".html,.json,text/html,application/json"
            onChange={(event) => void open(event.currentTarget.files?.[0])}
          />
          <span class="field-hint">
            <code>npm run sim -- --seed 7 --report run.html</code>; it is read in the browser, and sent nowhere.
          </span>
        </label>
        <ErrorBox what="The report could not be opened" error={error} />
      </Card>
      {run === undefined ? null : (
        <>
          <Card title="Run">
            <p>
              <Data text={run.title} />
            </p>
            <dl class="stats">
              <Stat label="Seed" value={<Data text={run.seed} />} note={<Data text={run.profile} max={60} />} />
              <Stat label="Replicas" value={count(run.replicas.length)} />
              <Stat label="Simulated" value={duration(run.simulatedMs / 1_000)} />
              <Stat
                label="Events"
                value={count(run.events.length)}
                note={run.isCut ? "the last ones of the run" : "all but heartbeats"}
              />
              <Stat label="Faults" value={count(run.faults.length)} />
            </dl>
            <Violation run={run} />
          </Card>
          {run.events.length === 0 ? <p>Nothing happened in it.</p> : <Replay key={turn} run={run} />}
        </>
      )}
    </div>
  );
}
