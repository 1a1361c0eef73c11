#include <psa/crypto.h>

#include "isobar-signers.h"

static int sign(void *context, const uint8_t *digest, size_t length, uint8_t signature[64]) {
  const isobar_psa_key *key = context;
  size_t written = 0;
  psa_status_t status =
      psa_sign_hash(key->id, PSA_ALG_ECDSA(PSA_ALG_SHA_256), digest, length, signature, 64, &written);
  return status == PSA_SUCCESS && written == 64 ? 0 : -1;
}

int isobar_psa_signer(isobar_psa_key *key, uint32_t id, isobar_signer *signer) {
  uint8_t point[PSA_EXPORT_PUBLIC_KEY_MAX_SIZE];
  size_t length = 0;
  key->id = id;
  /* 4, x, y. */
  if (psa_export_public_key(id, point, sizeof point, &length) != PSA_SUCCESS || length != 65) return -1;
  signer->algorithm = ISOBAR_P256;
  signer->sign = sign;
  signer->context = key;
  isobar_compress_p256(point + 1, signer->public_key);
  return 0;
}
