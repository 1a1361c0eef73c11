/*
 * One batch at a time: nonce and bytes are kept before they are sent, and the same nonce and bytes go again whenever the outcome
 * of a try is unknown. The network then answers with the first receipt, so nothing is lost and nothing counts twice.
 */
#include <string.h>

#include "isobar.h"

isobar_outcome isobar_init(isobar_client *client, const isobar_signer *signer, const isobar_platform *platform,
                           const char *url) {
  memset(client, 0, sizeof *client);
  client->signer = *signer;
  client->platform = *platform;
  isobar_did_key(signer, client->did, sizeof client->did);
  return isobar_address(url, client->authority, sizeof client->authority, client->path, sizeof client->path,
                        &client->is_tls) == 0
             ? ISOBAR_IDLE
             : ISOBAR_BAD_ADDRESS;
}

void isobar_use_cose(isobar_client *client, uint8_t *room, size_t bytes) {
  client->room = room;
  client->room_bytes = bytes;
}

void isobar_resume(isobar_client *client, const isobar_memory *memory) { client->memory = *memory; }

int64_t isobar_now_ms(const isobar_client *client) {
  return client->platform.now_ms(client->platform.context) + client->clock_offset_ms;
}

void isobar_clock_was_set(isobar_client *client) {
  client->clock_offset_ms = 0;
  client->is_clock_known = 1;
}

static isobar_outcome keep(isobar_client *client, const isobar_memory *memory) {
  if (client->platform.keep(client->platform.context, memory) != 0) return ISOBAR_NOT_KEPT;
  client->memory = *memory;
  return ISOBAR_IDLE;
}

/*
 * Above `floor` and every nonce used before. At least the clock in milliseconds, so that a device that lost its memory still goes on
 * above everything it ever used; the clock alone would not do, since it may be set back.
 */
static isobar_outcome number(isobar_client *client, uint64_t floor, isobar_memory memory) {
  int64_t now_ms = isobar_now_ms(client);
  if (memory.nonce < floor) memory.nonce = floor;
  if (memory.nonce == UINT64_MAX) return ISOBAR_NONCE_SPENT;
  memory.nonce++;
  if (now_ms > 0 && (uint64_t)now_ms > memory.nonce) memory.nonce = (uint64_t)now_ms;
  return keep(client, &memory);
}

/* Another program used the key, or the memory is an old copy: what it says of the batch before is not to be sent. */
static isobar_outcome number_anew(isobar_client *client, uint64_t floor) {
  isobar_memory memory = client->memory;
  memory.has_previous = 0;
  return number(client, floor, memory);
}

/* JSON begins with a bracket or a space, CBOR with the head of an array. */
static int is_cbor(const isobar_memory *memory) { return memory->length > 0 && memory->body[0] >> 5 == 4; }

static int has_room(const isobar_client *client, const isobar_memory *memory) {
  return !is_cbor(memory) || (client->room_bytes >= ISOBAR_COSE_HEAD + ISOBAR_COSE_TAIL &&
                              memory->length <= client->room_bytes - ISOBAR_COSE_HEAD - ISOBAR_COSE_TAIL);
}

isobar_outcome isobar_put(isobar_client *client, const uint8_t *body, size_t length) {
  isobar_memory memory = client->memory;
  if (memory.length > 0) return ISOBAR_BUSY;
  if (length == 0) return ISOBAR_IDLE;
  memory.body = body;
  memory.length = length;
  return has_room(client, &memory) ? number(client, 0, memory) : ISOBAR_NO_ROOM;
}

isobar_outcome isobar_drop(isobar_client *client) {
  isobar_memory memory = client->memory;
  memory.body = NULL;
  memory.length = 0;
  return keep(client, &memory);
}

static void digest_of(const void *bytes, size_t length, uint8_t digest[ISOBAR_DIGEST_BYTES]) {
  isobar_sha256 hash;
  isobar_sha256_begin(&hash);
  isobar_sha256_add(&hash, bytes, length);
  isobar_sha256_end(&hash, digest);
}

static int sign_bytes(const isobar_client *client, const uint8_t *message, size_t length, uint8_t signature[64]) {
  uint8_t digest[ISOBAR_DIGEST_BYTES];
  if (client->signer.algorithm == ISOBAR_P256) {
    digest_of(message, length, digest);
    message = digest;
    length = sizeof digest;
  }
  return client->signer.sign(client->signer.context, message, length, signature);
}

/* Fills the fields; the text that is signed lies in scratch until the answer takes its place. */
static int sign_json(isobar_client *client, int64_t created, isobar_request *request) {
  static const char label[] = "s=";
  const isobar_memory *memory = &client->memory;
  char *params = client->input_field + sizeof label - 1;
  const char *previous = memory->has_previous ? client->previous_field : NULL;
  uint8_t digest[ISOBAR_DIGEST_BYTES], signature[64];
  size_t length;
  memcpy(client->input_field, label, sizeof label - 1);
  digest_of(memory->body, memory->length, digest);
  if (isobar_digest_field(digest, client->digest_field, sizeof client->digest_field) == 0 ||
      isobar_digest_field(memory->previous, client->previous_field, sizeof client->previous_field) == 0 ||
      isobar_signature_params(created, client->did, memory->nonce, memory->has_previous, params,
                              sizeof client->input_field - (sizeof label - 1)) == 0)
    return -1;
  length = isobar_signature_base(client->authority, client->path, client->digest_field, previous, params,
                                 client->scratch, sizeof client->scratch);
  if (length == 0 || sign_bytes(client, (const uint8_t *)client->scratch, length, signature) != 0) return -1;
  memcpy(client->signature_field, "s=:", 3);
  length = isobar_base64(signature, sizeof signature, client->signature_field + 3, sizeof client->signature_field - 4);
  memcpy(client->signature_field + 3 + length, ":", 2);
  *request = (isobar_request){client->authority, client->path, client->is_tls, previous != NULL ? 5 : 4,
                              {"Content-Type", "Content-Digest", "Signature-Input", "Signature", "Previous-Digest"},
                              {ISOBAR_CONTENT_TYPE, client->digest_field, client->input_field, client->signature_field, previous},
                              memory->body, memory->length};
  return 0;
}

/* What is signed and what is posted differ before and behind the batch, which stays where it is. */
static int sign_cose(isobar_client *client, int64_t created, isobar_request *request) {
  isobar_memory *memory = &client->memory;
  const uint8_t *previous = memory->has_previous ? memory->previous : NULL;
  uint8_t *batch, *signature, *head = (uint8_t *)client->scratch;
  size_t length;
  if (!has_room(client, memory)) return -1;
  batch = client->room + ISOBAR_COSE_HEAD;
  length = isobar_cose_signed_head(&client->signer, created, memory->nonce, previous, client->authority, client->path,
                                   memory->length, head, ISOBAR_COSE_HEAD);
  if (length == 0) return -1;
  /* It may have stood in the room, elsewhere. */
  memmove(batch, memory->body, memory->length);
  memory->body = batch;
  memcpy(batch - length, head, length);
  signature = batch + memory->length + 2;
  if (sign_bytes(client, batch - length, length + memory->length, signature) != 0) return -1;
  signature[-2] = 0x58;
  signature[-1] = 64;
  length = isobar_cose_message_head(&client->signer, created, memory->nonce, previous, memory->length, head,
                                    ISOBAR_COSE_HEAD);
  memcpy(batch - length, head, length);
  *request = (isobar_request){client->authority, client->path, client->is_tls, 1,
                              {"Content-Type"}, {ISOBAR_COSE_CONTENT_TYPE},
                              batch - length, length + memory->length + ISOBAR_COSE_TAIL};
  return 0;
}

static int sign(isobar_client *client, isobar_request *request) {
  int64_t now_ms = isobar_now_ms(client), created = now_ms > 0 ? now_ms / 1000 : 0;
  return is_cbor(&client->memory) ? sign_cose(client, created, request) : sign_json(client, created, request);
}

static int post(isobar_client *client, const isobar_request *request, isobar_answer *answer) {
  isobar_response response = {0, 0, client->scratch, sizeof client->scratch, 0};
  if (client->platform.post(client->platform.context, request, &response) != 0) return -1;
  isobar_read_answer(&response, answer);
  return 0;
}

/* Where keep fails here, the batch goes again after a restart and gets the same receipt. */
static void settle(isobar_client *client) {
  isobar_memory memory = client->memory;
  digest_of(memory.body, memory.length, memory.previous);
  memory.has_previous = 1;
  memory.body = NULL;
  memory.length = 0;
  if (keep(client, &memory) != ISOBAR_IDLE) client->memory = memory;
}

static isobar_outcome corrected(isobar_outcome kept) { return kept == ISOBAR_IDLE ? ISOBAR_AGAIN_NOW : kept; }

isobar_outcome isobar_send(isobar_client *client, isobar_answer *answer) {
  isobar_request request;
  memset(answer, 0, sizeof *answer);
  if (client->memory.length == 0) return ISOBAR_IDLE;
  if (sign(client, &request) != 0) return ISOBAR_NOT_SIGNED;
  if (post(client, &request, answer) != 0) return ISOBAR_AGAIN_LATER;
  if (answer->status == 200 || answer->status == 201) {
    /* A captive portal answers 200, too. */
    if (!answer->has_receipt) return ISOBAR_AGAIN_LATER;
    client->is_clock_known = 1;
    settle(client);
    return answer->status == 201 ? ISOBAR_ACCEPTED : ISOBAR_REPEATED;
  }
  if (answer->status == 401 && strcmp(answer->code, "clock-skew") == 0 && answer->server_seconds > 0) {
    client->clock_offset_ms = answer->server_seconds * 1000 - client->platform.now_ms(client->platform.context);
    client->is_clock_known = 1;
    return ISOBAR_AGAIN_NOW;
  }
  /* Readings that did arrive under another nonce are recognised one by one. */
  if (answer->status == 409 && strcmp(answer->code, "nonce-too-old") == 0)
    return corrected(number_anew(client, answer->highest_nonce));
  if (answer->status == 409 && strcmp(answer->code, "nonce-reused") == 0)
    return corrected(number_anew(client, 0));
  if (answer->status == 408 || answer->status == 425 || answer->status == 429 || answer->status >= 500)
    return ISOBAR_AGAIN_LATER;
  /* What is no problem of ours says nothing about the batch: a redirect, a portal's page. */
  return answer->code[0] == '\0' ? ISOBAR_AGAIN_LATER : ISOBAR_REFUSED;
}
