#include <string.h>

#include "text.h"
#include "isobar.h"

static char lower(char c) { return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c; }

/* Letters, digits and a few marks: nothing that a server or proxy would rewrite before it checks the signature. */
static int is_plain(char c) {
  return (lower(c) >= 'a' && lower(c) <= 'z') || (c >= '0' && c <= '9') || (c != '\0' && strchr("-._~", c) != NULL);
}

static int ends_with(const char *text, size_t length, const char *end) {
  size_t n = strlen(end);
  return length >= n && memcmp(text + length - n, end, n) == 0;
}

int isobar_address(const char *url, char *authority, size_t authority_capacity, char *path, size_t path_capacity,
                   int *is_tls) {
  isobar_text host = isobar_text_in(authority, authority_capacity), rest = isobar_text_in(path, path_capacity);
  const char *at;
  size_t length;
  *is_tls = strncmp(url, "https://", 8) == 0;
  if (!*is_tls && strncmp(url, "http://", 7) != 0) return -1;
  at = url + (*is_tls ? 8 : 7);
  length = strcspn(at, "/");
  if (at[length] != '/') return -1;
  rest.is_full |= strstr(at + length, "/.") != NULL;
  isobar_text_string(&rest, at + length);
  for (; at[length] != '\0'; length++)
    if (at[length] != '/' && !is_plain(at[length])) return -1;
  length = strcspn(at, "/");
  /* The default port is no part of an authority (RFC 9421 section 2.2.3). */
  if (ends_with(at, length, *is_tls ? ":443" : ":80")) length -= *is_tls ? 4 : 3;
  for (; length > 0; length--, at++) {
    char c = lower(*at);
    if (!is_plain(c) && strchr(":[]", c) == NULL) return -1;
    isobar_text_bytes(&host, &c, 1);
  }
  return isobar_text_end(&host) > 0 && isobar_text_end(&rest) > 0 ? 0 : -1;
}
