import { operationsFuzzer } from "./operations/operations.js";
import { testRounds } from "./rounds.js";

testRounds(operationsFuzzer, { refused: 10, replayed: 5, quarantined: 3, taken: 1 });
