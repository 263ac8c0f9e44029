/** Place on the graph memories of the thread that answers reads; the engine's is 0. */
export const READER_THREAD = 1;
