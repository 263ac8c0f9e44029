export { Violated, type Violation } from "./checkers/checker.js";
export { CrashSignal, SimulatedDisk } from "./disk.js";
export { type FaultKind, faultKinds, type Profile, profiles } from "./profiles.js";
export { type Fault, makeScenario, type Scenario } from "./scenario.js";
export type { TraceEvent } from "./trace.js";
export { type RunResult, runScenario } from "./world.js";
