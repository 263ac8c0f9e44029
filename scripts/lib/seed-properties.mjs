import fc from "fast-check";
import { testSeed } from "./test-seed.mjs";

// Loaded before a test file: properties without a seed of their own draw by that of the run.
fc.configureGlobal({ seed: testSeed() });
