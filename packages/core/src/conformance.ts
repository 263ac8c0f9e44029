export { type OpLogUnderTest, opLogConformance } from "./log/conformance.js";
