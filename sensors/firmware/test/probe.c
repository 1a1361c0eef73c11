/*
 * The client's parts on standard input, for comparison with other implementations: a line is a command and its arguments, bytes and
 * texts as hex ("-" is none), numbers in decimal. Answers with one line each. signers: `sodium`, `bearssl`, `psa`.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "isobar-signers.h"
#ifdef WITH_PSA
#include <psa/crypto.h>
#endif

#define MOST_ARGUMENTS 600
#define LINE_BYTES 400000

static char line[LINE_BYTES];
static char *arguments[MOST_ARGUMENTS];
static int count;
static char out[65536];

/* Every value gets a block of exactly its size, so that the sanitizer sees a read beyond its end. */
static uint8_t *bytes_of(int at, size_t *length) {
  const char *hex = arguments[at];
  uint8_t *bytes;
  size_t i;
  *length = strcmp(hex, "-") == 0 ? 0 : strlen(hex) / 2;
  bytes = malloc(*length > 0 ? *length : 1);
  for (i = 0; i < *length; i++) {
    char two[3] = {hex[2 * i], hex[2 * i + 1], 0};
    bytes[i] = (uint8_t)strtoul(two, NULL, 16);
  }
  return bytes;
}

static char *text_of(int at) {
  size_t length;
  uint8_t *bytes = bytes_of(at, &length);
  char *text = malloc(length + 1);
  memcpy(text, bytes, length);
  text[length] = '\0';
  free(bytes);
  return text;
}

static void print_hex(const void *data, size_t length) {
  const uint8_t *bytes = data;
  size_t i;
  if (length == 0) printf("-");
  for (i = 0; i < length; i++) printf("%02x", bytes[i]);
}

static void print_text(const char *text) { print_hex(text, strlen(text)); }

static void hash(void) {
  size_t length, half;
  uint8_t *bytes = bytes_of(1, &length), digest[32];
  isobar_sha256 sha256;
  half = length / 2;
  isobar_sha256_begin(&sha256);
  isobar_sha256_add(&sha256, bytes, half);
  isobar_sha256_add(&sha256, bytes + half, length - half);
  isobar_sha256_end(&sha256, digest);
  print_hex(digest, sizeof digest);
  free(bytes);
}

static void encode(void) {
  size_t length;
  uint8_t *bytes = bytes_of(1, &length);
  isobar_base64(bytes, length, out, sizeof out);
  print_text(out);
  free(bytes);
}

static void digest_field(void) {
  size_t length;
  uint8_t *bytes = bytes_of(1, &length);
  char field[ISOBAR_DIGEST_FIELD_BYTES];
  uint8_t digest[ISOBAR_DIGEST_BYTES];
  isobar_sha256 sha256;
  isobar_sha256_begin(&sha256);
  isobar_sha256_add(&sha256, bytes, length);
  isobar_sha256_end(&sha256, digest);
  isobar_digest_field(digest, field, sizeof field);
  print_text(field);
  free(bytes);
}

static void did(void) {
  isobar_signer signer;
  size_t length;
  uint8_t *bytes = bytes_of(2, &length);
  char text[ISOBAR_DID_BYTES];
  signer.algorithm = strcmp(arguments[1], "ed25519") == 0 ? ISOBAR_ED25519 : ISOBAR_P256;
  memcpy(signer.public_key, bytes, length);
  isobar_did_key(&signer, text, sizeof text);
  print_text(text);
  free(bytes);
}

static void base(void) {
  char *authority = text_of(1), *path = text_of(2), *digest = text_of(3), *device = text_of(5);
  char params[ISOBAR_INPUT_FIELD_BYTES];
  isobar_signature_params(strtoll(arguments[4], NULL, 10), device, strtoull(arguments[6], NULL, 16), 0, params, sizeof params);
  isobar_signature_base(authority, path, digest, NULL, params, out, ISOBAR_SCRATCH_BYTES);
  print_text(out);
  free(authority), free(path), free(digest), free(device);
}

static void address(void) {
  char *url = text_of(1), authority[ISOBAR_AUTHORITY_BYTES], path[ISOBAR_PATH_BYTES];
  int is_tls, failed = isobar_address(url, authority, sizeof authority, path, sizeof path, &is_tls);
  if (failed) {
    printf("none");
  } else {
    printf("%d ", is_tls);
    print_text(authority);
    printf(" ");
    print_text(path);
  }
  free(url);
}

/* pack CAPACITY DID then quantity, unit, value, decimals, time for each reading; the time "now" is none.
 * Ends at the first that does not fit. */
static void pack(void) {
  size_t capacity = strtoul(arguments[1], NULL, 10);
  char *buffer = malloc(capacity + 1), *device = text_of(2);
  isobar_pack readings;
  int at, added = 0;
  isobar_pack_begin(&readings, buffer, capacity);
  for (at = 3; at + 4 < count && added == (at - 3) / 5; at += 5) {
    char *quantity = text_of(at), *unit = text_of(at + 1);
    int64_t time = strcmp(arguments[at + 4], "now") == 0 ? ISOBAR_NOW : strtoll(arguments[at + 4], NULL, 10);
    added += isobar_pack_add(&readings, device, quantity, unit, strtoll(arguments[at + 2], NULL, 10),
                             (unsigned)strtoul(arguments[at + 3], NULL, 10), time) == 0;
    free(quantity), free(unit);
  }
  printf("%d ", added);
  print_hex(buffer, isobar_pack_end(&readings));
  free(buffer), free(device);
}

static void read_answer(void) {
  isobar_response response = {0};
  isobar_answer answer;
  uint8_t *body = bytes_of(2, &response.length);
  response.status = atoi(arguments[1]);
  response.body = (char *)body;
  response.capacity = response.length;
  isobar_read_answer(&response, &answer);
  printf("%d ", answer.has_receipt);
  print_text(answer.receipt);
  printf(" ");
  print_text(answer.code);
  printf(" %" PRId64 " %016" PRIx64 " %" PRIu32, answer.server_seconds, answer.highest_nonce, answer.interval_s);
  free(body);
}

static int open_signer(const char *name, const uint8_t secret[32], isobar_signer *signer) {
  static isobar_sodium_key sodium;
  static isobar_bearssl_key bearssl;
  if (strcmp(name, "sodium") == 0) return isobar_sodium_signer(&sodium, secret, signer);
  if (strcmp(name, "bearssl") == 0) return isobar_bearssl_signer(&bearssl, secret, signer);
#ifdef WITH_PSA
  {
    static isobar_psa_key psa;
    psa_key_attributes_t attributes = PSA_KEY_ATTRIBUTES_INIT;
    psa_key_id_t id;
    psa_set_key_usage_flags(&attributes, PSA_KEY_USAGE_SIGN_HASH);
    psa_set_key_algorithm(&attributes, PSA_ALG_ECDSA(PSA_ALG_SHA_256));
    psa_set_key_type(&attributes, PSA_KEY_TYPE_ECC_KEY_PAIR(PSA_ECC_FAMILY_SECP_R1));
    if (psa_crypto_init() != PSA_SUCCESS || psa_import_key(&attributes, secret, 32, &id) != PSA_SUCCESS) return -1;
    return isobar_psa_signer(&psa, id, signer);
  }
#else
  return -1;
#endif
}

/* sign SIGNER SECRET MESSAGE: the device's id, and a signature over the message, hashed first where the signer wants that. */
static void sign(void) {
  size_t length, secret_bytes;
  uint8_t *secret = bytes_of(2, &secret_bytes), *message = bytes_of(3, &length), digest[32], signature[64];
  isobar_signer signer;
  isobar_sha256 sha256;
  char device[ISOBAR_DID_BYTES];
  const uint8_t *input = message;
  if (open_signer(arguments[1], secret, &signer) != 0) {
    printf("none");
  } else {
    if (signer.algorithm == ISOBAR_P256) {
      isobar_sha256_begin(&sha256);
      isobar_sha256_add(&sha256, message, length);
      isobar_sha256_end(&sha256, digest);
      input = digest;
      length = sizeof digest;
    }
    isobar_did_key(&signer, device, sizeof device);
    print_text(device);
    printf(" ");
    print_hex(signature, signer.sign(signer.context, input, length, signature) == 0 ? 64 : 0);
  }
  free(secret), free(message);
}

/* cbor: as pack, in the compact form. */
static void cbor(void) {
  size_t capacity = strtoul(arguments[1], NULL, 10), length;
  uint8_t *buffer = malloc(capacity + 1);
  char *device = text_of(2);
  const uint8_t *batch;
  isobar_pack readings;
  int at, added = 0;
  isobar_cbor_begin(&readings, buffer, capacity);
  for (at = 3; at + 4 < count && added == (at - 3) / 5; at += 5) {
    char *quantity = text_of(at), *unit = text_of(at + 1);
    int64_t time = strcmp(arguments[at + 4], "now") == 0 ? ISOBAR_NOW : strtoll(arguments[at + 4], NULL, 10);
    added += isobar_cbor_add(&readings, device, quantity, unit, strtoll(arguments[at + 2], NULL, 10),
                             (unsigned)strtoul(arguments[at + 3], NULL, 10), time) == 0;
    free(quantity), free(unit);
  }
  batch = isobar_cbor_end(&readings, &length);
  printf("%d ", added);
  print_hex(batch, length);
  free(buffer), free(device);
}

static int print_request(void *context, const isobar_request *request, isobar_response *response) {
  int at;
  (void)context, (void)response;
  for (at = 0; at < request->fields; at++) {
    print_text(request->names[at]);
    printf(" ");
    print_text(request->values[at]);
    printf(" ");
  }
  print_hex(request->body, request->length);
  return -1;
}
static int64_t created_ms(void *context) { return *(int64_t *)context * 1000; }
static int keep_nothing(void *context, const isobar_memory *memory) { return (void)context, (void)memory, 0; }

/* request SIGNER SECRET URL CREATED NONCE PREVIOUS BATCH: names and values of the fields, then the body. */
static void request(void) {
  size_t ignored;
  int64_t created = strtoll(arguments[4], NULL, 10);
  uint8_t *secret = bytes_of(2, &ignored), *previous, *body, *room;
  char *url = text_of(3);
  isobar_platform platform = {&created, print_request, created_ms, keep_nothing, NULL, NULL};
  isobar_memory memory = {strtoull(arguments[5], NULL, 16), NULL, 0, strcmp(arguments[6], "-") != 0, {0}};
  isobar_signer signer;
  static isobar_client client;
  isobar_answer answer;
  previous = bytes_of(6, &ignored);
  if (memory.has_previous) memcpy(memory.previous, previous, sizeof memory.previous);
  memory.body = body = bytes_of(7, &memory.length);
  room = malloc(ISOBAR_COSE_HEAD + memory.length + ISOBAR_COSE_TAIL);
  if (open_signer(arguments[1], secret, &signer) != 0 || isobar_init(&client, &signer, &platform, url) != ISOBAR_IDLE) {
    printf("none");
  } else {
    isobar_use_cose(&client, room, ISOBAR_COSE_HEAD + memory.length + ISOBAR_COSE_TAIL);
    isobar_resume(&client, &memory);
    isobar_send(&client, &answer);
  }
  free(secret), free(previous), free(body), free(room), free(url);
}

static const struct {
  const char *name;
  int arguments;
  void (*run)(void);
} commands[] = {{"sha256", 2, hash},   {"base64", 2, encode}, {"digest", 2, digest_field}, {"did", 3, did},   {"base", 7, base},
                {"address", 2, address}, {"pack", 3, pack},     {"answer", 3, read_answer},  {"sign", 4, sign},
                {"cbor", 3, cbor},      {"request", 8, request}};

int main(void) {
  while (fgets(line, sizeof line, stdin) != NULL) {
    size_t at;
    char *word = strtok(line, " \n");
    for (count = 0; word != NULL && count < MOST_ARGUMENTS; word = strtok(NULL, " \n")) arguments[count++] = word;
    for (at = 0; count > 0 && at < sizeof commands / sizeof commands[0]; at++)
      if (strcmp(arguments[0], commands[at].name) == 0 && count >= commands[at].arguments) commands[at].run();
    printf("\n");
  }
  return 0;
}
