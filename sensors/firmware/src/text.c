#include "text.h"

#include <string.h>

#include "isobar.h"

isobar_text isobar_text_in(char *buffer, size_t capacity) {
  isobar_text text = {buffer, capacity, 0, capacity == 0};
  return text;
}

void isobar_text_bytes(isobar_text *text, const char *bytes, size_t length) {
  /* One byte stays free for the zero. */
  if (text->is_full || length >= text->capacity - text->length) {
    text->is_full = 1;
    return;
  }
  memcpy(text->at + text->length, bytes, length);
  text->length += length;
}

void isobar_text_string(isobar_text *text, const char *string) { isobar_text_bytes(text, string, strlen(string)); }

void isobar_text_integer(isobar_text *text, int64_t value, unsigned decimals) {
  char digits[48];
  size_t at = sizeof digits;
  unsigned written = 0;
  /* The magnitude of INT64_MIN is no int64_t. */
  uint64_t rest = value < 0 ? (uint64_t)0 - (uint64_t)value : (uint64_t)value;
  if (decimals > 18) {
    text->is_full = 1;
    return;
  }
  do {
    if (written == decimals && decimals > 0) digits[--at] = '.';
    digits[--at] = (char)('0' + rest % 10);
    rest /= 10;
    written++;
  } while (rest > 0 || written <= decimals);
  if (value < 0) digits[--at] = '-';
  isobar_text_bytes(text, digits + at, sizeof digits - at);
}

void isobar_text_hex64(isobar_text *text, uint64_t value) {
  char digits[16];
  int at;
  for (at = 15; at >= 0; at--) {
    digits[at] = "0123456789abcdef"[value & 15];
    value >>= 4;
  }
  isobar_text_bytes(text, digits, sizeof digits);
}

/* RFC 4648 section 4. */
void isobar_text_base64(isobar_text *text, const uint8_t *bytes, size_t length) {
  static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  size_t at;
  for (at = 0; at < length; at += 3) {
    size_t left = length - at;
    uint32_t three = (uint32_t)bytes[at] << 16;
    char four[4];
    if (left > 1) three |= (uint32_t)bytes[at + 1] << 8;
    if (left > 2) three |= (uint32_t)bytes[at + 2];
    four[0] = alphabet[three >> 18];
    four[1] = alphabet[(three >> 12) & 63];
    four[2] = left > 1 ? alphabet[(three >> 6) & 63] : '=';
    four[3] = left > 2 ? alphabet[three & 63] : '=';
    isobar_text_bytes(text, four, 4);
  }
}

size_t isobar_text_end(isobar_text *text) {
  if (text->capacity > 0) text->at[text->is_full ? 0 : text->length] = '\0';
  return text->is_full ? 0 : text->length;
}

size_t isobar_base64(const uint8_t *bytes, size_t length, char *buffer, size_t capacity) {
  isobar_text text = isobar_text_in(buffer, capacity);
  isobar_text_base64(&text, bytes, length);
  return isobar_text_end(&text);
}

size_t isobar_decimal(int64_t value, unsigned decimals, char *buffer, size_t capacity) {
  isobar_text text = isobar_text_in(buffer, capacity);
  isobar_text_integer(&text, value, decimals);
  return isobar_text_end(&text);
}
