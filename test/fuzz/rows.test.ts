import { testRounds } from "./rounds.js";
import { rowsFuzzer } from "./rows/rows.js";

testRounds(rowsFuzzer, { refused: 5, quarantined: 5, served: 5 });
