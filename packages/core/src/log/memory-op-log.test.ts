import { opLogConformance } from "./conformance.js";
import { MemoryOpLog } from "./memory-op-log.js";

opLogConformance("MemoryOpLog", () => ({ log: new MemoryOpLog(), dispose: () => {} }));
