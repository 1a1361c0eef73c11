/*
 * The client on a scripted network: what is kept when, what goes again, what is corrected. Runs on any host; with COUNT_HEAP it also
 * counts every allocation between putting a batch and its receipt, the two crypto libraries included.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "isobar-signers.h"

static int checks, failures;
#define CHECK(condition) check((condition), #condition, __LINE__)
static void check(int holds, const char *what, int line) {
  checks++;
  if (holds) return;
  failures++;
  printf("self-test.c:%d: does not hold: %s\n", line, what);
}

#ifdef COUNT_HEAP
static int allocations;
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
void *__wrap_malloc(size_t size) { return allocations++, __real_malloc(size); }
void *__wrap_calloc(size_t count, size_t size) { return allocations++, __real_calloc(count, size); }
void *__wrap_realloc(void *old, size_t size) { return allocations++, __real_realloc(old, size); }
#endif

/* One scripted answer a post; status 0 is none. */
typedef struct {
  int status;
  const char *body;
} scripted;

typedef struct {
  const scripted *script;
  int posts;
  int64_t clock_ms;
  int is_flash_broken;
  uint64_t flash_nonce;
  char flash_body[256];
  size_t flash_length;
  int flash_has_previous;
  uint8_t flash_previous[ISOBAR_DIGEST_BYTES];
  /* Of the newest post. */
  char input[ISOBAR_INPUT_FIELD_BYTES];
  char body[1024];
  size_t length;
  char previous[ISOBAR_DIGEST_FIELD_BYTES];
  /* The nonce that flash held while the post was under way. */
  uint64_t nonce_at_post;
  uint32_t waited_ms;
} world;

static int post(void *context, const isobar_request *request, isobar_response *response) {
  world *w = context;
  const scripted *answer = &w->script[w->posts++];
  snprintf(w->input, sizeof w->input, "%s", request->fields > 1 ? request->values[2] : request->values[0]);
  snprintf(w->previous, sizeof w->previous, "%s", request->fields > 4 ? request->values[4] : "");
  memcpy(w->body, request->body, request->length);
  w->body[request->length] = '\0';
  w->length = request->length;
  w->nonce_at_post = w->flash_nonce;
  if (answer->status == 0) return -1;
  response->status = answer->status;
  response->length = strlen(answer->body);
  memcpy(response->body, answer->body, response->length);
  return 0;
}

static int64_t now_ms(void *context) { return ((world *)context)->clock_ms; }

static int keep(void *context, const isobar_memory *memory) {
  world *w = context;
  if (w->is_flash_broken) return -1;
  w->flash_nonce = memory->nonce;
  w->flash_length = memory->length;
  w->flash_has_previous = memory->has_previous;
  memcpy(w->flash_previous, memory->previous, sizeof w->flash_previous);
  if (memory->length > 0) memcpy(w->flash_body, memory->body, memory->length);
  return 0;
}

static void wait_ms(void *context, uint32_t ms) { ((world *)context)->waited_ms += ms; }
static uint32_t jitter(void *context) { return (uint32_t)((world *)context)->posts; }

static const char URL[] = "https://API.isobar.example:443/v1/regions/83390cfffffffff/readings/f6a6e22d3fa5a76f";
static const char RECEIPT[] = "{\"receipt\":\"83390cfffffffff-7\",\"flags\":[],\"next\":{\"interval\":20}}";
static const char SKEW[] = "{\"status\":401,\"code\":\"clock-skew\",\"server-seconds\":1795387200}";
static const char TOO_OLD[] = "{\"code\":\"nonce-too-old\",\"highest\":\"00000000000a0000\"}";
static const char REUSED[] = "{\"code\":\"nonce-reused\"}";
static const uint8_t PACK[] = "[{\"n\":\"temp\",\"u\":\"Cel\",\"v\":21.4}]";
static const size_t PACK_BYTES = sizeof PACK - 1;

static isobar_client client;
static isobar_answer answer;

static void start(world *w, const isobar_signer *signer, const scripted *script, int64_t clock_ms) {
  isobar_platform platform = {w, post, now_ms, keep, wait_ms, jitter};
  memset(w, 0, sizeof *w);
  w->script = script;
  w->clock_ms = clock_ms;
  CHECK(isobar_init(&client, signer, &platform, URL) == ISOBAR_IDLE);
}

static void accepts(const isobar_signer *signer) {
  static const scripted script[] = {{201, RECEIPT}};
  world w;
  start(&w, signer, script, 1795387200500);
#ifdef COUNT_HEAP
  allocations = 0;
#endif
  CHECK(isobar_put(&client, PACK, PACK_BYTES) == ISOBAR_IDLE);
  CHECK(isobar_put(&client, PACK, PACK_BYTES) == ISOBAR_BUSY);
  CHECK(w.flash_length == PACK_BYTES && w.posts == 0);
  CHECK(isobar_send(&client, &answer) == ISOBAR_ACCEPTED);
#ifdef COUNT_HEAP
  CHECK(allocations == 0);
#endif
  CHECK(strcmp(answer.receipt, "83390cfffffffff-7") == 0 && answer.interval_s == 20);
  CHECK(strcmp(client.authority, "api.isobar.example") == 0);
  CHECK(strstr(w.input, ";created=1795387200;") != NULL);
  CHECK(w.nonce_at_post == 1795387200500 && w.flash_nonce == 1795387200500 && w.flash_length == 0);
  CHECK(isobar_send(&client, &answer) == ISOBAR_IDLE);
  /* The clock is set back: the counter is not. */
  w.clock_ms = 1000;
  CHECK(isobar_put(&client, PACK, PACK_BYTES) == ISOBAR_IDLE && client.memory.nonce == 1795387200501);
}

static void sends_the_same_again_after_a_loss_of_power(const isobar_signer *signer) {
  static const scripted script[] = {{0, ""}, {503, "{\"code\":\"region-unavailable\"}"}, {200, "<html>"}, {200, RECEIPT}};
  isobar_platform platform;
  world w;
  uint8_t body[256];
  start(&w, signer, script, 1795387200000);
  CHECK(isobar_put(&client, PACK, PACK_BYTES) == ISOBAR_IDLE);
  CHECK(isobar_send(&client, &answer) == ISOBAR_AGAIN_LATER);
  platform = client.platform;
  w.clock_ms += 60000;
  memcpy(body, w.flash_body, w.flash_length);
  CHECK(isobar_init(&client, signer, &platform, URL) == ISOBAR_IDLE);
  isobar_resume(&client, &(isobar_memory){w.flash_nonce, body, w.flash_length, 0, {0}});
  CHECK(isobar_deliver(&client, 3, &answer) == ISOBAR_REPEATED);
  CHECK(w.posts == 4 && strcmp(w.body, (const char *)PACK) == 0 && w.nonce_at_post == 1795387200000);
  CHECK(strstr(w.input, ";created=1795387260;") != NULL);
  CHECK(w.waited_ms >= 750 && w.waited_ms <= 1500 && w.flash_length == 0);
}

static void takes_the_networks_clock_and_counter(const isobar_signer *signer) {
  static const scripted script[] = {{401, SKEW}, {409, TOO_OLD}, {409, REUSED}, {201, RECEIPT}};
  world w;
  start(&w, signer, script, 4000);
  CHECK(!client.is_clock_known && isobar_put(&client, PACK, PACK_BYTES) == ISOBAR_IDLE);
  CHECK(isobar_send(&client, &answer) == ISOBAR_AGAIN_NOW && client.is_clock_known);
  CHECK(isobar_now_ms(&client) == 1795387200000 && w.nonce_at_post == 4000);
  client.clock_offset_ms = 0;
  CHECK(isobar_send(&client, &answer) == ISOBAR_AGAIN_NOW && w.flash_nonce == 0xa0001 && answer.highest_nonce == 0xa0000);
  CHECK(isobar_send(&client, &answer) == ISOBAR_AGAIN_NOW && w.flash_nonce == 0xa0002 && w.flash_length == PACK_BYTES);
  CHECK(isobar_send(&client, &answer) == ISOBAR_ACCEPTED && w.nonce_at_post == 0xa0002);
}

/* SNTP comes after the network's correction: both together would be twice the time since 1970. */
static void forgets_the_correction_of_a_clock_that_was_set(const isobar_signer *signer) {
  static const scripted script[] = {{401, SKEW}, {201, RECEIPT}, {201, RECEIPT}};
  world w;
  start(&w, signer, script, 4000);
  CHECK(isobar_put(&client, PACK, PACK_BYTES) == ISOBAR_IDLE);
  CHECK(isobar_deliver(&client, 3, &answer) == ISOBAR_ACCEPTED);
  w.clock_ms = 1795387260000;
  isobar_clock_was_set(&client);
  CHECK(isobar_now_ms(&client) == 1795387260000 && client.is_clock_known);
  CHECK(isobar_put(&client, PACK, PACK_BYTES) == ISOBAR_IDLE && w.flash_nonce == 1795387260000);
  CHECK(isobar_send(&client, &answer) == ISOBAR_ACCEPTED && strstr(w.input, ";created=1795387260;") != NULL);
  /* Before the first answer, too. */
  start(&w, signer, script, 1795387260000);
  isobar_clock_was_set(&client);
  CHECK(client.is_clock_known && isobar_now_ms(&client) == 1795387260000);
}

static void gives_up_on_what_cannot_change(const isobar_signer *signer) {
  static const scripted contradicts[] = {{401, SKEW}, {401, SKEW}, {401, SKEW}, {401, SKEW}, {401, SKEW}};
  static const scripted refuses[] = {{403, "{\"code\":\"unknown-device\"}"}};
  static const scripted spends[] = {{409, "{\"code\":\"nonce-too-old\",\"highest\":\"ffffffffffffffff\"}"}};
  world w;
  start(&w, signer, contradicts, 0);
  isobar_put(&client, PACK, PACK_BYTES);
  CHECK(isobar_deliver(&client, 5, &answer) == ISOBAR_AGAIN_LATER && w.posts == 4);
  start(&w, signer, refuses, 0);
  isobar_put(&client, PACK, PACK_BYTES);
  CHECK(isobar_deliver(&client, 5, &answer) == ISOBAR_REFUSED && strcmp(answer.code, "unknown-device") == 0);
  CHECK(w.flash_length == PACK_BYTES && isobar_drop(&client) == ISOBAR_IDLE && w.flash_length == 0 && w.flash_nonce == 1);
  start(&w, signer, spends, 0);
  isobar_put(&client, PACK, PACK_BYTES);
  CHECK(isobar_send(&client, &answer) == ISOBAR_NONCE_SPENT && w.flash_nonce == 1);
}

/* The batch that was accepted is named by the next one, over a loss of power, too; what was refused is not. */
static void names_the_batch_before(const isobar_signer *signer) {
  static const scripted script[] = {{201, RECEIPT}, {422, "{\"code\":\"unknown-unit\"}"}, {201, RECEIPT}, {409, REUSED}, {201, RECEIPT}};
  char field[ISOBAR_DIGEST_FIELD_BYTES];
  isobar_sha256 hash;
  uint8_t digest[ISOBAR_DIGEST_BYTES];
  isobar_memory memory;
  world w;
  isobar_sha256_begin(&hash);
  isobar_sha256_add(&hash, PACK, PACK_BYTES);
  isobar_sha256_end(&hash, digest);
  isobar_digest_field(digest, field, sizeof field);
  start(&w, signer, script, 1795387200000);
  isobar_put(&client, PACK, PACK_BYTES);
  CHECK(isobar_send(&client, &answer) == ISOBAR_ACCEPTED && w.previous[0] == '\0' && strstr(w.input, "previous") == NULL);
  CHECK(w.flash_has_previous && memcmp(w.flash_previous, digest, sizeof digest) == 0);
  isobar_put(&client, (const uint8_t *)"[]", 2);
  CHECK(isobar_send(&client, &answer) == ISOBAR_REFUSED && isobar_drop(&client) == ISOBAR_IDLE);
  memory = client.memory;
  CHECK(isobar_init(&client, signer, &(isobar_platform){&w, post, now_ms, keep, wait_ms, jitter}, URL) == ISOBAR_IDLE);
  isobar_resume(&client, &memory);
  isobar_put(&client, (const uint8_t *)"[{}]", 4);
  CHECK(isobar_send(&client, &answer) == ISOBAR_ACCEPTED && strcmp(w.previous, field) == 0);
  CHECK(strstr(w.input, " \"content-digest\" \"previous-digest\");created=") != NULL);
  /* Somebody else used the key: what this memory says of the batch before is not to be trusted. */
  isobar_put(&client, PACK, PACK_BYTES);
  CHECK(isobar_send(&client, &answer) == ISOBAR_AGAIN_NOW && w.previous[0] != '\0');
  CHECK(isobar_send(&client, &answer) == ISOBAR_ACCEPTED && w.previous[0] == '\0');
}

static void sends_the_compact_form(const isobar_signer *signer) {
  static const scripted script[] = {{503, ""}, {201, RECEIPT}};
  static uint8_t room[ISOBAR_COSE_HEAD + 200 + ISOBAR_COSE_TAIL];
  uint8_t buffer[200];
  isobar_pack pack;
  const uint8_t *batch;
  size_t length, head;
  world w;
  start(&w, signer, script, 1795387200000);
  isobar_cbor_begin(&pack, buffer, sizeof buffer);
  CHECK(isobar_cbor_end(&pack, &length) == NULL && length == 0);
  CHECK(isobar_cbor_add(&pack, client.did, "temp", "Cel", 2140, 2, 1795387200000) == 0);
  CHECK(isobar_cbor_add(&pack, client.did, "rh", "%RH", 54, 0, ISOBAR_NOW) == -1);
  batch = isobar_cbor_end(&pack, &length);
  CHECK(isobar_put(&client, batch, length) == ISOBAR_NO_ROOM && client.memory.length == 0);
  isobar_use_cose(&client, room, ISOBAR_COSE_HEAD + length - 1 + ISOBAR_COSE_TAIL);
  CHECK(isobar_put(&client, batch, length) == ISOBAR_NO_ROOM);
  isobar_use_cose(&client, room, ISOBAR_COSE_HEAD + length + ISOBAR_COSE_TAIL);
  /* Made in the room, two bytes behind where it goes. */
  memcpy(room + ISOBAR_COSE_HEAD + 2, batch, length);
  CHECK(isobar_put(&client, room + ISOBAR_COSE_HEAD + 2, length) == ISOBAR_IDLE);
#ifdef COUNT_HEAP
  allocations = 0;
#endif
  CHECK(isobar_send(&client, &answer) == ISOBAR_AGAIN_LATER);
  CHECK(isobar_send(&client, &answer) == ISOBAR_ACCEPTED && strcmp(w.input, ISOBAR_COSE_CONTENT_TYPE) == 0);
#ifdef COUNT_HEAP
  CHECK(allocations == 0);
#endif
  head = w.length - length - ISOBAR_COSE_TAIL;
  CHECK(head < 90 && memcmp(w.body + head, batch, length) == 0 && memcmp(w.body, "\xd2\x84\x58", 3) == 0);
  CHECK(w.body[head + length] == 0x58 && w.body[head + length + 1] == 64 && w.flash_has_previous);
  /* A pack that does not fit is cut at a whole reading. */
  isobar_cbor_begin(&pack, buffer, 100);
  while (isobar_cbor_add(&pack, "did:key:z6Mk", "temp", "Cel", -5, 2, 1795387200250) == 0)
    ;
  isobar_cbor_end(&pack, &length);
  CHECK(pack.count == 3 && length <= 100);
}

static int no_signature(void *context, const uint8_t *input, size_t length, uint8_t signature[64]) {
  (void)context, (void)input, (void)length, (void)signature;
  return -1;
}

static void sends_nothing_unkept_or_unsigned(const isobar_signer *signer) {
  isobar_signer dead = *signer;
  world w;
  start(&w, signer, NULL, 0);
  w.is_flash_broken = 1;
  CHECK(isobar_put(&client, PACK, PACK_BYTES) == ISOBAR_NOT_KEPT && client.memory.nonce == 0);
  CHECK(isobar_send(&client, &answer) == ISOBAR_IDLE && w.posts == 0);
  dead.sign = no_signature;
  start(&w, &dead, NULL, 0);
  isobar_put(&client, PACK, PACK_BYTES);
  CHECK(isobar_send(&client, &answer) == ISOBAR_NOT_SIGNED && w.posts == 0);
}

static void writes_packs_that_fit(void) {
  char text[200];
  isobar_pack pack;
  int added = 0;
  isobar_pack_begin(&pack, text, sizeof text);
  CHECK(isobar_pack_end(&pack) == 0);
  while (isobar_pack_add(&pack, "did:key:z6Mk", "temp", "Cel", -5, 2, 1795387200250 + 1000 * added) == 0) added++;
  CHECK(isobar_pack_add(&pack, "did:key:z6Mk", "t", "Cel", 0, 0, ISOBAR_NOW) == -1);
  CHECK(isobar_pack_end(&pack) == strlen(text) && added == 3);
  CHECK(strcmp(text, "[{\"bn\":\"did:key:z6Mk:\",\"bt\":1795387200,\"bver\":26,\"n\":\"temp\",\"u\":\"Cel\",\"t\":0.250,\"v\":-0.05},\n"
                     "{\"n\":\"temp\",\"u\":\"Cel\",\"t\":1.250,\"v\":-0.05},\n{\"n\":\"temp\",\"u\":\"Cel\",\"t\":2.250,\"v\":-0.05}]") == 0);
}

int main(void) {
  /* RFC 8032 section 7.1 test 1; RFC 6979 appendix A.2.5. */
  static const uint8_t seed[32] = {0x9d, 0x61, 0xb1, 0x9d, 0xef, 0xfd, 0x5a, 0x60, 0xba, 0x84, 0x4a, 0xf4, 0x92, 0xec, 0x2c, 0xc4,
                                   0x44, 0x49, 0xc5, 0x69, 0x7b, 0x32, 0x69, 0x19, 0x70, 0x3b, 0xac, 0x03, 0x1c, 0xae, 0x7f, 0x60};
  static const uint8_t scalar[32] = {0xc9, 0xaf, 0xa9, 0xd8, 0x45, 0xba, 0x75, 0x16, 0x6b, 0x5c, 0x21, 0x57, 0x67, 0xb1, 0xd6, 0x93,
                                     0x4e, 0x50, 0xc3, 0xdb, 0x36, 0xe8, 0x9b, 0x12, 0x7b, 0x8a, 0x62, 0x2b, 0x12, 0x0f, 0x67, 0x21};
  static const uint8_t nothing[32] = {0};
  isobar_sodium_key sodium;
  isobar_bearssl_key bearssl;
  isobar_signer signers[2], none;
  int at;
  CHECK(isobar_sodium_signer(&sodium, seed, &signers[0]) == 0 && signers[0].public_key[0] == 0xd7);
  CHECK(isobar_bearssl_signer(&bearssl, scalar, &signers[1]) == 0 && signers[1].public_key[1] == 0x60);
  for (at = 0; at < 2; at++) {
    accepts(&signers[at]);
    sends_the_same_again_after_a_loss_of_power(&signers[at]);
    takes_the_networks_clock_and_counter(&signers[at]);
    forgets_the_correction_of_a_clock_that_was_set(&signers[at]);
    gives_up_on_what_cannot_change(&signers[at]);
    sends_nothing_unkept_or_unsigned(&signers[at]);
    names_the_batch_before(&signers[at]);
    sends_the_compact_form(&signers[at]);
  }
  CHECK(isobar_bearssl_signer(&bearssl, nothing, &none) == -1);
  writes_packs_that_fit();
  printf("%d checks, %d failed\n", checks, failures);
  return failures > 0;
}
