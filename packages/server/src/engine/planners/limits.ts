/** Places of planners on a graph's memory: behind the engine's thread (0) and the one that answers reads (1). */
export const FIRST_PLANNER_THREAD = 2;
/** Most threads that plan, the engine's own included: a graph's memory has places for four threads, and images and checkpoints are laid out by that. */
export const PLANNERS_MAX = 3;
