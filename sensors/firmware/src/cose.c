/* COSE_Sign1 (RFC 9052) around a batch in CBOR: docs/protocol.md, "The compact form". */
#include <string.h>

#include "text.h"
#include "isobar.h"

enum { BYTES = 2, TEXT = 3, ARRAY = 4, MAP = 5, TAG = 6 };
enum { ALGORITHM = 1, CONTENT_TYPE = 3, KEY = 4, CLAIMS = 15, PREVIOUS = -70001 };
enum { ISSUED_AT = 6, NONCE = 7 };
enum { EDDSA = -8, ES256 = -7, SENML_CBOR = 112, COSE_SIGN1 = 18 };
#define HEADER_BYTES 128

/* The protected header as a byte string. The key id is the key: multicodec prefix and public key. */
static void add_header(isobar_text *text, const isobar_signer *signer, int64_t created_seconds, uint64_t nonce,
                       const uint8_t *previous) {
  char bytes[HEADER_BYTES], number[8], key[2 + 33];
  int is_ed25519 = signer->algorithm == ISOBAR_ED25519, at;
  size_t key_bytes = is_ed25519 ? 32 : 33;
  isobar_text header = isobar_text_in(bytes, sizeof bytes);
  memcpy(key, is_ed25519 ? "\xed\x01" : "\x80\x24", 2);
  memcpy(key + 2, signer->public_key, key_bytes);
  for (at = 7; at >= 0; at--, nonce >>= 8) number[at] = (char)(nonce & 255);
  isobar_text_cbor(&header, MAP, previous != NULL ? 5 : 4);
  isobar_text_cbor_integer(&header, ALGORITHM);
  isobar_text_cbor_integer(&header, is_ed25519 ? EDDSA : ES256);
  isobar_text_cbor_integer(&header, CONTENT_TYPE);
  isobar_text_cbor_integer(&header, SENML_CBOR);
  isobar_text_cbor_integer(&header, KEY);
  isobar_text_cbor_string(&header, BYTES, key, 2 + key_bytes);
  isobar_text_cbor_integer(&header, CLAIMS);
  isobar_text_cbor(&header, MAP, 2);
  isobar_text_cbor_integer(&header, ISSUED_AT);
  isobar_text_cbor_integer(&header, created_seconds);
  isobar_text_cbor_integer(&header, NONCE);
  isobar_text_cbor_string(&header, BYTES, number, sizeof number);
  if (previous != NULL) {
    isobar_text_cbor_integer(&header, PREVIOUS);
    isobar_text_cbor_string(&header, BYTES, previous, ISOBAR_DIGEST_BYTES);
  }
  isobar_text_cbor_string(text, BYTES, bytes, header.length);
}

/* Sig_structure of section 4.4 up to the batch's bytes. */
size_t isobar_cose_signed_head(const isobar_signer *signer, int64_t created_seconds, uint64_t nonce,
                               const uint8_t *previous, const char *authority, const char *path, size_t batch_bytes,
                               uint8_t *head, size_t capacity) {
  static const char purpose[] = "isobar-ingest-v1\nPOST\n";
  isobar_text text = isobar_text_in((char *)head, capacity);
  isobar_text_cbor(&text, ARRAY, 4);
  isobar_text_cbor_string(&text, TEXT, "Signature1", 10);
  add_header(&text, signer, created_seconds, nonce, previous);
  isobar_text_cbor(&text, BYTES, sizeof purpose - 1 + strlen(authority) + 1 + strlen(path));
  isobar_text_string(&text, purpose);
  isobar_text_string(&text, authority);
  isobar_text_string(&text, "\n");
  isobar_text_string(&text, path);
  isobar_text_cbor(&text, BYTES, batch_bytes);
  return text.is_full ? 0 : text.length;
}

size_t isobar_cose_message_head(const isobar_signer *signer, int64_t created_seconds, uint64_t nonce,
                                const uint8_t *previous, size_t batch_bytes, uint8_t *head, size_t capacity) {
  isobar_text text = isobar_text_in((char *)head, capacity);
  isobar_text_cbor(&text, TAG, COSE_SIGN1);
  isobar_text_cbor(&text, ARRAY, 4);
  add_header(&text, signer, created_seconds, nonce, previous);
  isobar_text_cbor(&text, MAP, 0);
  isobar_text_cbor(&text, BYTES, batch_bytes);
  return text.is_full ? 0 : text.length;
}
