import assert from "node:assert/strict";
import { test } from "node:test";
import { readMetrics } from "./metrics-text.js";

test("metrics are read with their labels, whatever names hold", () => {
  const text = `# HELP a what it is
# TYPE a gauge
a 1
b_total{x="1",y="a \\"b\\" \\\\ c\\nd, e=\\"f\\"}"} 2.5e3 1700000000000
c{le="+Inf"} +Inf
c{} NaN
no metric at all {
`;
  assert.deepEqual(readMetrics(text), [
    { name: "a", labels: {}, value: 1 },
    { name: "b_total", labels: { x: "1", y: 'a "b" \\ c\nd, e="f"}' }, value: 2500 },
    { name: "c", labels: { le: "+Inf" }, value: Infinity },
    { name: "c", labels: {}, value: Number.NaN },
  ]);
});
