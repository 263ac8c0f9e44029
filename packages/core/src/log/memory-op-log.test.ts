import { opLogConformance } from "./conformance.js";
import { MemoryOpLog } from "./memory-op-log.js";

// needs a process of its own: where its tests stand, in the suite, does not tell that they are of this file

opLogConformance("MemoryOpLog", () => ({ log: new MemoryOpLog(), dispose: () => {} }));
