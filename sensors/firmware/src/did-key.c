/* did:key (W3C CCG): base58btc of a multicodec prefix and the public key. */
#include <string.h>

#include "text.h"
#include "isobar.h"

#define PREFIX_BYTES 2
#define MOST_BYTES (PREFIX_BYTES + 33)
/* 35 bytes are at most 48 digits to the base 58. */
#define MOST_DIGITS 48

void isobar_compress_p256(const uint8_t xy[64], uint8_t compressed[33]) {
  uint8_t sign = (uint8_t)(2 + (xy[63] & 1));
  memmove(compressed + 1, xy, 32);
  compressed[0] = sign;
}

size_t isobar_did_key(const isobar_signer *signer, char *buffer, size_t capacity) {
  static const char alphabet[] = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
  int is_ed25519 = signer->algorithm == ISOBAR_ED25519;
  size_t length = PREFIX_BYTES + (is_ed25519 ? 32u : 33u), digits = 0, at;
  uint8_t bytes[MOST_BYTES], digit[MOST_DIGITS];
  isobar_text text = isobar_text_in(buffer, capacity);
  /* ed25519-pub 0xed and p256-pub 0x1200 as varints: neither begins with a zero, so base58's rule for them is not needed. */
  bytes[0] = is_ed25519 ? 0xed : 0x80;
  bytes[1] = is_ed25519 ? 0x01 : 0x24;
  memcpy(bytes + PREFIX_BYTES, signer->public_key, length - PREFIX_BYTES);
  for (at = 0; at < length; at++) {
    uint32_t carry = bytes[at];
    size_t i;
    for (i = 0; i < digits || carry > 0; i++) {
      if (i == digits) digit[digits++] = 0;
      carry += (uint32_t)digit[i] * 256;
      digit[i] = (uint8_t)(carry % 58);
      carry /= 58;
    }
  }
  isobar_text_string(&text, "did:key:z");
  while (digits > 0) isobar_text_bytes(&text, &alphabet[digit[--digits]], 1);
  return isobar_text_end(&text);
}
