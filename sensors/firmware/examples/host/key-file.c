#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <string.h>

#include "host.h"

#define FILE_BYTES 1024

/* Only what stands between the two lines of the PEM; other characters are skipped. */
static size_t decode(const char *text, const char *end, uint8_t *bytes) {
  static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  uint32_t bits = 0;
  int count = 0;
  size_t length = 0;
  for (; text < end && *text != '='; text++) {
    const char *digit = memchr(alphabet, *text, 64);
    if (digit == NULL) continue;
    bits = bits << 6 | (uint32_t)(digit - alphabet);
    count += 6;
    if (count < 8) continue;
    count -= 8;
    bytes[length++] = (uint8_t)(bits >> count);
  }
  return length;
}

static const uint8_t *after(const uint8_t *bytes, size_t length, const uint8_t *mark, size_t size) {
  size_t at;
  for (at = 0; at + size <= length; at++)
    if (memcmp(bytes + at, mark, size) == 0) return bytes + at + size;
  return NULL;
}

int host_read_key(const char *path, isobar_algorithm *algorithm, uint8_t secret[32]) {
  /* RFC 8410: an OCTET STRING within one. RFC 5915: version 1, then the OCTET STRING. */
  static const uint8_t ed25519[] = {0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20};
  static const uint8_t prime256v1[] = {0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};
  static const uint8_t sec1[] = {0x02, 0x01, 0x01, 0x04, 0x20};
  static const char begin[] = "-----BEGIN PRIVATE KEY-----";
  char text[FILE_BYTES + 1], *from, *to;
  uint8_t der[FILE_BYTES];
  const uint8_t *found;
  size_t length;
  FILE *file = fopen(path, "rb");
  if (file == NULL) return -1;
  length = fread(text, 1, FILE_BYTES, file);
  fclose(file);
  text[length] = '\0';
  from = strstr(text, begin);
  to = strstr(text, "-----END PRIVATE KEY-----");
  if (from == NULL || to == NULL || to < from) return -1;
  length = decode(from + sizeof begin - 1, to, der);
  found = after(der, length, ed25519, sizeof ed25519);
  *algorithm = ISOBAR_ED25519;
  if (found == NULL && after(der, length, prime256v1, sizeof prime256v1) != NULL) {
    found = after(der, length, sec1, sizeof sec1);
    *algorithm = ISOBAR_P256;
  }
  if (found == NULL || der + length - found < 32) return -1;
  memcpy(secret, found, 32);
  return 0;
}
