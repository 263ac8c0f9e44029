import { takesOne } from "./takes-one.test-support.js";

// A planner that takes an insert, if one is left, and stays at work for ever.

if (takesOne()) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
