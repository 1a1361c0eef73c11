/** What one post may be. docs/protocol.md; the clock window is the one RFC 9421 section 7.2.2 asks a profile to set. */

/** Of the body as posted, before inflating. */
export const MAX_BODY_BYTES = 256 * 1024;
/** Of a gzip body once inflated: 5,000 records of 200 bytes fit, a bomb does not. */
export const MAX_INFLATED_BYTES = 1024 * 1024;
export const MAX_RECORDS = 5000;
/** `created` may be this long ago ... */
export const MAX_SIGNATURE_AGE_SECONDS = 300;
/** ... and clocks may differ by this much, either way. */
export const CLOCK_SKEW_SECONDS = 30;
