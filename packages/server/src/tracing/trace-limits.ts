/** Spans that wait to be sent, those on their way counted; those beyond are dropped. */
export const spansWaitingMax = 2_048;
/** Of one message to the endpoint. */
export const spansPerMessage = 256;
/** A span waits no longer for others to go with it. */
export const sendEveryMs = 1_000;
/** An endpoint that has not answered within so long has not taken them. */
export const sendMsMax = 5_000;
/** Messages on their way at a time. */
export const messagesUnderWayMax = 4;
/** What waits when the server stops has so long. */
export const closeMsMax = 2_000;
/** Characters of what is said of a span, and how many things are said of it. */
export const attributeCharactersMax = 256;
export const attributesMax = 32;
/** That an endpoint takes nothing is said once in so long. */
export const tellEveryMs = 60_000;
