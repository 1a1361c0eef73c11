/* SenML CBOR (RFC 8428 section 6): the records of senml.c with integer labels, in the order of their bytes. */
#include <string.h>

#include "text.h"
#include "isobar.h"

enum { NAME, UNIT, VALUE, TIME = 6 };
enum { BASE_VERSION = -1, BASE_NAME = -2, BASE_TIME = -3 };
enum { TEXT = 3, ARRAY = 4, MAP = 5, TAG = 6 };
#define DECIMAL_FRACTION 4
/* RFC 9100: version 10 plus 2^4, secondary units. */
#define VERSION 26
/* Room for the array's head, which is known at the end. */
#define MOST_HEAD 3

static void add_string(isobar_text *text, int label, const char *string, const char *end) {
  size_t length = strlen(string), more = strlen(end);
  isobar_text_cbor_integer(text, label);
  isobar_text_cbor(text, TEXT, length + more);
  isobar_text_bytes(text, string, length);
  isobar_text_bytes(text, end, more);
}

/* A whole number as such; any other as 4([exponent, mantissa]) without zeros at the end of the mantissa. */
static void add_number(isobar_text *text, int label, int64_t value, unsigned decimals) {
  isobar_text_cbor_integer(text, label);
  for (; decimals > 0 && value % 10 == 0; decimals--) value /= 10;
  if (decimals > 0) {
    isobar_text_cbor(text, TAG, DECIMAL_FRACTION);
    isobar_text_cbor(text, ARRAY, 2);
    isobar_text_cbor_integer(text, -(int64_t)decimals);
  }
  isobar_text_cbor_integer(text, value);
}

void isobar_cbor_begin(isobar_pack *pack, uint8_t *buffer, size_t capacity) {
  isobar_pack_begin(pack, (char *)buffer, capacity);
  pack->length = MOST_HEAD;
}

int isobar_cbor_add(isobar_pack *pack, const char *did, const char *quantity, const char *unit, int64_t value,
                    unsigned decimals, int64_t measured_ms) {
  isobar_text text = isobar_text_in(pack->text, pack->capacity);
  int has_time = measured_ms != ISOBAR_NOW, is_first = pack->count == 0;
  int64_t base_ms = pack->base_ms, offset_ms;
  if (pack->length > pack->capacity || decimals > 18 || pack->count == 0xffff) return -1;
  if (!is_first && has_time != (base_ms != ISOBAR_NOW)) return -1;
  if (is_first && has_time) base_ms = (measured_ms / 1000 - (measured_ms % 1000 < 0)) * 1000;
  offset_ms = has_time ? measured_ms - base_ms : 0;
  text.length = pack->length;
  isobar_text_cbor(&text, MAP, 3u + (offset_ms != 0) + (is_first ? 2u + (unsigned)has_time : 0));
  add_string(&text, NAME, quantity, "");
  add_string(&text, UNIT, unit, "");
  add_number(&text, VALUE, value, decimals);
  if (offset_ms != 0) add_number(&text, TIME, offset_ms, 3);
  if (is_first) {
    add_number(&text, BASE_VERSION, VERSION, 0);
    add_string(&text, BASE_NAME, did, ":");
    if (has_time) add_number(&text, BASE_TIME, base_ms / 1000, 0);
  }
  if (text.is_full) return -1;
  pack->length = text.length;
  pack->base_ms = base_ms;
  pack->count++;
  return 0;
}

const uint8_t *isobar_cbor_end(const isobar_pack *pack, size_t *length) {
  char bytes[MOST_HEAD + 1];
  isobar_text head = isobar_text_in(bytes, sizeof bytes);
  *length = 0;
  if (pack->count == 0) return NULL;
  /* Right before the records: more can be added, and it can be closed again. */
  isobar_text_cbor(&head, ARRAY, (uint64_t)pack->count);
  memcpy(pack->text + MOST_HEAD - head.length, bytes, head.length);
  *length = pack->length - MOST_HEAD + head.length;
  return (const uint8_t *)pack->text + MOST_HEAD - head.length;
}
