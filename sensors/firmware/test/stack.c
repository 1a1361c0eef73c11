/* Only for `make size`: how deep the stack of a whole send is with each library, on this machine. */
#define _POSIX_C_SOURCE 200809L
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "isobar-signers.h"
#include "psa/crypto.h"

#define STACK_BYTES (1 << 17)
#define PAINT 0xa5

static _Alignas(64) unsigned char stack[STACK_BYTES];
static isobar_client client;

static int post(void *context, const isobar_request *request, isobar_response *response) {
  (void)context, (void)request, (void)response;
  return -1;
}
static int64_t now_ms(void *context) { return (void)context, 1795387200000; }
static int keep(void *context, const isobar_memory *memory) {
  (void)context, (void)memory;
  return 0;
}

static void *send(void *nothing) {
  isobar_answer answer;
  if (client.memory.length == 0) return nothing;
  isobar_send(&client, &answer);
  return nothing;
}

static size_t depth(void) {
  pthread_attr_t attributes;
  pthread_t thread;
  size_t untouched = 0;
  memset(stack, PAINT, sizeof stack);
  pthread_attr_init(&attributes);
  pthread_attr_setstack(&attributes, stack, sizeof stack);
  pthread_create(&thread, &attributes, send, NULL);
  pthread_join(thread, NULL);
  while (untouched < sizeof stack && stack[untouched] == PAINT) untouched++;
  return sizeof stack - untouched;
}

static void report(const char *name, const isobar_signer *signer) {
  isobar_platform platform = {NULL, post, now_ms, keep, NULL, NULL};
  size_t idle;
  isobar_init(&client, signer, &platform, "http://127.0.0.1/v1");
  idle = depth();
  isobar_put(&client, (const uint8_t *)"[]", 2);
  printf("  %zu %s\n", depth() - idle, name);
}

int main(void) {
  static const uint8_t secret[32] = {1, 2, 3};
  isobar_sodium_key sodium;
  isobar_bearssl_key bearssl;
  isobar_psa_key psa;
  isobar_signer signer;
  psa_key_attributes_t attributes = PSA_KEY_ATTRIBUTES_INIT;
  psa_key_id_t id;
  if (isobar_sodium_signer(&sodium, secret, &signer) == 0) report("libsodium", &signer);
  if (isobar_bearssl_signer(&bearssl, secret, &signer) == 0) report("BearSSL", &signer);
  psa_set_key_usage_flags(&attributes, PSA_KEY_USAGE_SIGN_HASH);
  psa_set_key_algorithm(&attributes, PSA_ALG_ECDSA(PSA_ALG_SHA_256));
  psa_set_key_type(&attributes, PSA_KEY_TYPE_ECC_KEY_PAIR(PSA_ECC_FAMILY_SECP_R1));
  if (psa_crypto_init() == PSA_SUCCESS && psa_import_key(&attributes, secret, 32, &id) == PSA_SUCCESS &&
      isobar_psa_signer(&psa, id, &signer) == 0)
    report("mbedTLS (PSA), and its heap", &signer);
  return 0;
}
