import { bodiesFuzzer } from "./rest/bodies.js";
import { testRounds } from "./rounds.js";

testRounds(bodiesFuzzer, { "200": 5, "400": 50, "404": 1, "422": 1 });
