/* A buffer that is written front to back and never beyond its end. */
#ifndef ISOBAR_TEXT_H
#define ISOBAR_TEXT_H

#include <stddef.h>
#include <stdint.h>

typedef struct {
  char *at;
  size_t capacity;
  size_t length;
  int is_full;
} isobar_text;

isobar_text isobar_text_in(char *buffer, size_t capacity);
void isobar_text_bytes(isobar_text *text, const char *bytes, size_t length);
void isobar_text_string(isobar_text *text, const char *string);
void isobar_text_integer(isobar_text *text, int64_t value, unsigned decimals);
void isobar_text_hex64(isobar_text *text, uint64_t value);
/* The head of a CBOR item (RFC 8949 section 3), as short as it can be. */
void isobar_text_cbor(isobar_text *text, unsigned major, uint64_t value);
void isobar_text_cbor_integer(isobar_text *text, int64_t value);
/* With its head: major 2 is a byte string, 3 a text string. */
void isobar_text_cbor_string(isobar_text *text, unsigned major, const void *bytes, size_t length);
void isobar_text_base64(isobar_text *text, const uint8_t *bytes, size_t length);
/* Ends it with a zero. Returns the length, or 0 where something did not fit. */
size_t isobar_text_end(isobar_text *text);

#endif
