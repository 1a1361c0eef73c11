#include <bearssl.h>
#include <string.h>

#include "isobar-signers.h"

static br_ec_private_key private_key(isobar_bearssl_key *key) {
  br_ec_private_key secret = {BR_EC_secp256r1, key->scalar, sizeof key->scalar};
  return secret;
}

static int sign(void *context, const uint8_t *digest, size_t length, uint8_t signature[64]) {
  br_ec_private_key secret = private_key(context);
  if (length != br_sha256_SIZE) return -1;
  return br_ecdsa_i31_sign_raw(&br_ec_p256_m31, &br_sha256_vtable, digest, &secret, signature) == 64 ? 0 : -1;
}

int isobar_bearssl_signer(isobar_bearssl_key *key, const uint8_t scalar[32], isobar_signer *signer) {
  unsigned char point[BR_EC_KBUF_PUB_MAX_SIZE];
  uint8_t digest[32] = {0}, signature[64];
  br_ec_private_key secret;
  memcpy(key->scalar, scalar, sizeof key->scalar);
  secret = private_key(key);
  /* 4, x, y. */
  if (br_ec_compute_pub(&br_ec_p256_m31, NULL, point, &secret) != 65) return -1;
  signer->algorithm = ISOBAR_P256;
  signer->sign = sign;
  signer->context = key;
  isobar_compress_p256(point + 1, signer->public_key);
  /* Only signing says whether the scalar is within 1 and the order less one. */
  return sign(key, digest, sizeof digest, signature);
}
