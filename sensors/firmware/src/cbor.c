/* CBOR (RFC 8949) as ingest v1 takes it: definite lengths, heads as short as they can be. */
#include "text.h"

void isobar_text_cbor(isobar_text *text, unsigned major, uint64_t value) {
  char head[9];
  unsigned bytes = value < 24 ? 0 : value < 0x100 ? 1 : value < 0x10000 ? 2 : value < 0x100000000 ? 4 : 8, at;
  unsigned info = bytes == 0 ? (unsigned)value : bytes == 1 ? 24 : bytes == 2 ? 25 : bytes == 4 ? 26 : 27;
  head[0] = (char)(major << 5 | info);
  for (at = bytes; at > 0; at--, value >>= 8) head[at] = (char)(value & 255);
  isobar_text_bytes(text, head, bytes + 1);
}

void isobar_text_cbor_integer(isobar_text *text, int64_t value) {
  /* A negative number n is written as -1 - n. */
  isobar_text_cbor(text, value < 0, value < 0 ? (uint64_t)(-1 - value) : (uint64_t)value);
}

void isobar_text_cbor_string(isobar_text *text, unsigned major, const void *bytes, size_t length) {
  isobar_text_cbor(text, major, length);
  isobar_text_bytes(text, bytes, length);
}
