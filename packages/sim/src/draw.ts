import type { Profile } from "./profiles.js";
import type { Random } from "./random.js";

/** What a command is drawn from. */
export interface Draw {
  readonly random: Random;
  readonly profile: Profile;
  vector(): Float32Array;
}
