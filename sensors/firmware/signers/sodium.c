#include <sodium.h>

#include "isobar-signers.h"

static int sign(void *context, const uint8_t *message, size_t length, uint8_t signature[64]) {
  const isobar_sodium_key *key = context;
  return crypto_sign_detached(signature, NULL, message, length, key->secret);
}

int isobar_sodium_signer(isobar_sodium_key *key, const uint8_t seed[32], isobar_signer *signer) {
  signer->algorithm = ISOBAR_ED25519;
  signer->sign = sign;
  signer->context = key;
  return crypto_sign_seed_keypair(signer->public_key, key->secret, seed);
}
