/*
 * Signers over well-kept libraries; compile only the files of those you have. A secure element needs none of them: fill in an
 * isobar_signer by hand (README.md).
 */
#ifndef ISOBAR_SIGNERS_H
#define ISOBAR_SIGNERS_H

#include "isobar.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Each returns 0, or -1 where the key is none. The key must live as long as the signer. */

/* Ed25519, libsodium (signers/sodium.c). Seed: the 32 bytes of RFC 8032. */
typedef struct {
  uint8_t secret[64];
} isobar_sodium_key;
int isobar_sodium_signer(isobar_sodium_key *key, const uint8_t seed[32], isobar_signer *signer);

/* P-256, BearSSL (signers/bearssl.c). No heap, no random numbers: RFC 6979. The scalar is big-endian. */
typedef struct {
  uint8_t scalar[32];
} isobar_bearssl_key;
int isobar_bearssl_signer(isobar_bearssl_key *key, const uint8_t scalar[32], isobar_signer *signer);

/*
 * P-256, PSA (signers/psa.c): mbedTLS 2.28 and later, so ESP-IDF, Zephyr and whatever secure element has a PSA driver. The key is
 * one that PSA holds, usage PSA_KEY_USAGE_SIGN_HASH, algorithm PSA_ALG_ECDSA(PSA_ALG_SHA_256). mbedTLS itself uses the heap.
 */
typedef struct {
  uint32_t id;
} isobar_psa_key;
int isobar_psa_signer(isobar_psa_key *key, uint32_t id, isobar_signer *signer);

#ifdef __cplusplus
}
#endif
#endif
