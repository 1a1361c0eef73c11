/* The header fields of a signed post: digests (RFC 9530) and the message signature's text (RFC 9421). */
#include "text.h"
#include "isobar.h"

#define COMPONENTS "(\"@method\" \"@authority\" \"@path\" \"content-type\" \"content-digest\""

size_t isobar_digest_field(const uint8_t digest[ISOBAR_DIGEST_BYTES], char *buffer, size_t capacity) {
  isobar_text text = isobar_text_in(buffer, capacity);
  isobar_text_string(&text, "sha-256=:");
  isobar_text_base64(&text, digest, ISOBAR_DIGEST_BYTES);
  isobar_text_string(&text, ":");
  return isobar_text_end(&text);
}

/* `created` is an integer without a fraction, keyid and nonce are strings (RFC 9421 section 2.3). */
size_t isobar_signature_params(int64_t created_seconds, const char *did, uint64_t nonce, int has_previous,
                              char *buffer, size_t capacity) {
  isobar_text text = isobar_text_in(buffer, capacity);
  isobar_text_string(&text, has_previous ? COMPONENTS " \"previous-digest\");created=" : COMPONENTS ");created=");
  isobar_text_integer(&text, created_seconds, 0);
  isobar_text_string(&text, ";keyid=\"");
  isobar_text_string(&text, did);
  isobar_text_string(&text, "\";nonce=\"");
  isobar_text_hex64(&text, nonce);
  isobar_text_string(&text, "\"");
  return isobar_text_end(&text);
}

/* One line a component, a line feed between them, none at the end. */
size_t isobar_signature_base(const char *authority, const char *path, const char *digest_field,
                             const char *previous_field, const char *params, char *buffer, size_t capacity) {
  isobar_text text = isobar_text_in(buffer, capacity);
  isobar_text_string(&text, "\"@method\": POST\n\"@authority\": ");
  isobar_text_string(&text, authority);
  isobar_text_string(&text, "\n\"@path\": ");
  isobar_text_string(&text, path);
  isobar_text_string(&text, "\n\"content-type\": " ISOBAR_CONTENT_TYPE "\n\"content-digest\": ");
  isobar_text_string(&text, digest_field);
  if (previous_field != NULL) {
    isobar_text_string(&text, "\n\"previous-digest\": ");
    isobar_text_string(&text, previous_field);
  }
  isobar_text_string(&text, "\n\"@signature-params\": ");
  isobar_text_string(&text, params);
  return isobar_text_end(&text);
}
