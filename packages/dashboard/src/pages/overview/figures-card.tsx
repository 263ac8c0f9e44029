import { bytes, count, duration, figure, percent, short } from "../../format.js";
import { quantile, total } from "../../histogram.js";
import { Stat } from "../../parts/stat.js";
import { durationsOf, durationsSince, type Figures as Known, rate } from "./figures.js";
import { before, windowBefore } from "./history.js";

const perSecond = (value: number | undefined) => (value === undefined ? "–" : `${figure(value)}/s`);

/** The latest figures. */
export function Figures({ figures }: { readonly figures: Known }) {
  const last = before(figures);
  const earlier = windowBefore(figures) ?? last;
  const durations = durationsSince(earlier, figures);
  const answered = total(durations);
  const percentile = (share: number) => (answered === 0 ? "–" : duration(quantile(durations, share)));
  const requests = (of: Known) => total(durationsOf(of));
  const used = figures.memoryUsed / figures.memoryLimit;
  return (
    <dl class="stats overview-stats">
      <Stat label="Collections" value={count(figures.collections)} />
      <Stat label="Points" value={short(figures.points)} note={`${short(figures.vectors)} vectors`} />
      <Stat
        label="Requests"
        value={perSecond(rate(last, figures, requests))}
        note={`${short(requests(figures))} since the start`}
      />
      <Stat
        label="Points written"
        value={perSecond(rate(last, figures, ({ pointsUpserted }) => pointsUpserted))}
        note={`${perSecond(rate(last, figures, ({ applied }) => applied))} from others and upkeep`}
      />
      <Stat
        label="Latency p50"
        value={percentile(0.5)}
        note={answered === 0 ? "nothing was asked" : earlier === undefined ? "since the start" : "in 30 s"}
      />
      <Stat
        label="Latency p99"
        value={percentile(0.99)}
        note={`p95 ${percentile(0.95)}, of ${short(answered)} answers`}
      />
      <Stat
        label="Memory of data"
        value={bytes(figures.memoryUsed)}
        note={`${percent(used)} of ${bytes(figures.memoryLimit)} allowed`}
      />
      <Stat
        label="Disk"
        value={bytes(figures.logBytes)}
        note={Number.isFinite(figures.diskFree) ? `log; ${bytes(figures.diskFree)} free` : "log"}
      />
    </dl>
  );
}
