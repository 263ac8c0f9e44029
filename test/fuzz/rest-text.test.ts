import { restTextFuzzer } from "./rest/rest-text.js";
import { testRounds } from "./rounds.js";

testRounds(restTextFuzzer, { "200": 20, "400": 20, "read back": 10, restarts: 1 });
