export { type TransportsUnderTest, transportConformance } from "./gossip/conformance.js";
export { type OpLogUnderTest, opLogConformance } from "./log/conformance.js";
