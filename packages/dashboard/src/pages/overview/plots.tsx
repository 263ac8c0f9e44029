import { bytes, duration, figure } from "../../format.js";
import { Card } from "../../parts/card.js";
import { Plot } from "../../parts/plot.js";
import { history } from "./history.js";

/** How figures went while this tab looked. */
export function Plots() {
  const moments = history();
  const times = moments.map(({ time }) => time);
  const line = (label: string, name: keyof (typeof moments)[number]) => ({
    label,
    values: moments.map((moment) => moment[name]),
  });
  const mebibyte = 2 ** 20;
  return (
    <Card
      title="While this tab looks"
      aside={<span class="soft">every 2 s; stands still while the tab is hidden</span>}
    >
      <div class="overview-plots">
        <Plot
          title="Requests a second"
          times={times}
          series={[line("reads", "reads"), line("writes", "writes")]}
          format={figure}
          minimum={1}
        />
        <Plot
          title="Latency"
          times={times}
          series={[line("p50", "p50"), line("p95", "p95"), line("p99", "p99")]}
          format={duration}
          minimum={0.001}
        />
        <Plot
          title="Points written a second"
          times={times}
          series={[line("points", "upserted")]}
          format={figure}
          minimum={1}
        />
        <Plot
          title="Memory and disk"
          times={times}
          series={[line("data", "memory"), line("process", "resident"), line("log", "log")]}
          format={bytes}
          isBytes
          minimum={mebibyte}
        />
      </div>
    </Card>
  );
}
