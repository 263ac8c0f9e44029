/** A trace and a span of it, as a header names them (W3C Trace Context, level 1, version 00). */
export const TRACEPARENT = /^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;
