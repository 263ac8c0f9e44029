import { testRounds } from "./rounds.js";
import { wireFuzzer } from "./wire/wire.js";

testRounds(wireFuzzer, { "200": 10, "400": 5, "408": 3, "200 beside": 20, "404 beside": 5 });
