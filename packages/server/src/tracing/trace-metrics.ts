import type { OtherMetric } from "../metrics.js";
import type { TracingCounts } from "./tracing.js";

/** What is told of spans. */
export function traceMetrics({ sent, failed, dropped, waiting }: TracingCounts): OtherMetric[] {
  const total = (name: string, help: string, value: number) => ({ name, help, value, isTotal: true });
  return [
    total("murmur_trace_spans_sent_total", "spans that the endpoint of traces has taken", sent),
    total("murmur_trace_spans_failed_total", "spans that it was given and has not taken", failed),
    total("murmur_trace_spans_dropped_total", "spans beyond the bound on those that wait", dropped),
    { name: "murmur_trace_spans_waiting", help: "spans that wait for it", value: waiting, isTotal: false },
  ];
}
