export { hostileChange, hostileEdits } from "./catalogue/hostile-changes.test-support.js";
export { type TransportsUnderTest, transportConformance } from "./gossip/conformance.js";
export { type OpLogUnderTest, opLogConformance } from "./log/conformance.js";
export { FailingOpLog } from "./log/failing-op-log.test-support.js";
