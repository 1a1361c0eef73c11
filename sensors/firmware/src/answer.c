/*
 * Reads the few members of an answer that a device acts on. The JSON comes from outside and may be cut off anywhere or be a proxy's
 * page: the scanner knows strings and nesting, never recurses, and stops at the first thing it does not understand.
 */
#include <string.h>

#include "isobar.h"

/* A day: no answer silences a device for longer, and milliseconds of it fit 32 bits. */
#define MOST_INTERVAL_S 86400

typedef struct {
  const char *at;
  const char *end;
} cursor;

static void skip_space(cursor *c) {
  while (c->at < c->end && (*c->at == ' ' || *c->at == '\n' || *c->at == '\r' || *c->at == '\t')) c->at++;
}

/* From the opening quote to behind the closing one. */
static int skip_string(cursor *c) {
  for (c->at++; c->at < c->end; c->at++) {
    if (*c->at == '"') return c->at++, 1;
    if (*c->at == '\\' && ++c->at == c->end) return 0;
  }
  return 0;
}

static int skip_value(cursor *c) {
  unsigned depth = 0;
  while (c->at < c->end) {
    char next = *c->at;
    if (next == '"') {
      if (!skip_string(c)) return 0;
      continue;
    }
    if (depth == 0 && (next == ',' || next == '}')) return 1;
    if (next == '{' || next == '[') depth++;
    if (next == '}' || next == ']') depth--;
    c->at++;
  }
  return 0;
}

/* Puts the cursor on the value of a member of the object at `object`. */
static int find(cursor object, const char *name, cursor *value) {
  size_t length = strlen(name);
  cursor c = object;
  skip_space(&c);
  if (c.at == c.end || *c.at != '{') return 0;
  do {
    const char *key;
    c.at++;
    skip_space(&c);
    if (c.at == c.end || *c.at != '"') return 0;
    key = c.at + 1;
    if (!skip_string(&c)) return 0;
    if ((size_t)(c.at - 1 - key) != length || memcmp(key, name, length) != 0) key = NULL;
    skip_space(&c);
    if (c.at == c.end || *c.at != ':') return 0;
    c.at++;
    skip_space(&c);
    if (key != NULL) return *value = c, c.at < c.end;
    if (!skip_value(&c)) return 0;
  } while (*c.at == ',');
  return 0;
}

/* A string without escapes and control characters, a zero among them, cut to fit. Codes, receipts and nonces have none. */
static size_t read_string(cursor object, const char *name, char *text, size_t capacity) {
  cursor value;
  size_t length = 0;
  text[0] = '\0';
  if (!find(object, name, &value) || *value.at != '"') return 0;
  for (value.at++; value.at < value.end && *value.at != '"' && *value.at != '\\' && (unsigned char)*value.at >= ' ' &&
                   length + 1 < capacity;
       value.at++)
    text[length++] = *value.at;
  text[length] = '\0';
  return length;
}

/* A whole number of at most 15 digits, so that it is exact everywhere; a fraction is cut off. */
static int64_t read_integer(cursor object, const char *name) {
  cursor value;
  int64_t number = 0;
  int digits = 0;
  if (!find(object, name, &value)) return 0;
  for (; value.at < value.end && *value.at >= '0' && *value.at <= '9'; value.at++) {
    if (++digits > 15) return 0;
    number = number * 10 + (*value.at - '0');
  }
  return number;
}

static uint64_t read_nonce(cursor object, const char *name) {
  char text[20];
  uint64_t nonce = 0;
  size_t at;
  if (read_string(object, name, text, sizeof text) != 16) return 0;
  for (at = 0; at < 16; at++) {
    static const char digits[] = "0123456789abcdef";
    const char *digit = memchr(digits, text[at], 16);
    if (digit == NULL) return 0;
    nonce = nonce << 4 | (uint64_t)(digit - digits);
  }
  return nonce;
}

void isobar_read_answer(const isobar_response *response, isobar_answer *answer) {
  size_t length = response->length < response->capacity ? response->length : response->capacity;
  cursor body = {response->body, response->body + length}, next;
  memset(answer, 0, sizeof *answer);
  answer->status = response->status;
  answer->retry_after_s = response->retry_after_s;
  if (response->status == 200 || response->status == 201) {
    answer->has_receipt = read_string(body, "receipt", answer->receipt, sizeof answer->receipt) > 0;
    if (find(body, "next", &next)) {
      int64_t interval_s = read_integer(next, "interval");
      answer->interval_s = interval_s > MOST_INTERVAL_S ? MOST_INTERVAL_S : (uint32_t)interval_s;
    }
    return;
  }
  read_string(body, "code", answer->code, sizeof answer->code);
  answer->server_seconds = read_integer(body, "server-seconds");
  answer->highest_nonce = read_nonce(body, "highest");
}
