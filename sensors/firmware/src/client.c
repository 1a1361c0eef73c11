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

void isobar_resume(isobar_client *client, uint64_t nonce, const uint8_t *body, size_t length) {
  client->nonce = nonce;
  client->body = body;
  client->length = length;
}

int64_t isobar_now_ms(const isobar_client *client) {
  return client->platform.now_ms(client->platform.context) + client->clock_offset_ms;
}

static isobar_outcome keep(isobar_client *client, uint64_t nonce, const uint8_t *body, size_t length) {
  if (client->platform.keep(client->platform.context, nonce, body, length) != 0) return ISOBAR_NOT_KEPT;
  isobar_resume(client, nonce, body, length);
  return ISOBAR_IDLE;
}

/*
 * Above `floor` and every nonce used before. At least the clock in milliseconds, so that a device that lost its memory still goes on
 * above everything it ever used; the clock alone would not do, since it may be set back.
 */
static isobar_outcome number(isobar_client *client, uint64_t floor, const uint8_t *body, size_t length) {
  int64_t now_ms = isobar_now_ms(client);
  uint64_t nonce = client->nonce > floor ? client->nonce : floor;
  if (nonce == UINT64_MAX) return ISOBAR_NONCE_SPENT;
  nonce++;
  if (now_ms > 0 && (uint64_t)now_ms > nonce) nonce = (uint64_t)now_ms;
  return keep(client, nonce, body, length);
}

isobar_outcome isobar_put(isobar_client *client, const uint8_t *body, size_t length) {
  if (client->length > 0) return ISOBAR_BUSY;
  if (length == 0) return ISOBAR_IDLE;
  return number(client, 0, body, length);
}

isobar_outcome isobar_drop(isobar_client *client) { return keep(client, client->nonce, NULL, 0); }

/* Fills the three fields; the text that is signed lies in scratch until the answer takes its place. */
static int sign(isobar_client *client) {
  static const char label[] = "s=";
  char *params = client->input_field + sizeof label - 1;
  int64_t now_ms = isobar_now_ms(client);
  const uint8_t *message = (const uint8_t *)client->scratch;
  uint8_t digest[32], signature[64];
  size_t length;
  memcpy(client->input_field, label, sizeof label - 1);
  if (isobar_content_digest(client->body, client->length, client->digest_field, sizeof client->digest_field) == 0 ||
      isobar_signature_params(now_ms > 0 ? now_ms / 1000 : 0, client->did, client->nonce, params,
                              sizeof client->input_field - (sizeof label - 1)) == 0)
    return -1;
  length = isobar_signature_base(client->authority, client->path, client->digest_field, params, client->scratch,
                                 sizeof client->scratch);
  if (length == 0) return -1;
  if (client->signer.algorithm == ISOBAR_P256) {
    isobar_sha256 hash;
    isobar_sha256_begin(&hash);
    isobar_sha256_add(&hash, message, length);
    isobar_sha256_end(&hash, digest);
    message = digest;
    length = sizeof digest;
  }
  if (client->signer.sign(client->signer.context, message, length, signature) != 0) return -1;
  memcpy(client->signature_field, "s=:", 3);
  length = isobar_base64(signature, sizeof signature, client->signature_field + 3, sizeof client->signature_field - 4);
  memcpy(client->signature_field + 3 + length, ":", 2);
  return 0;
}

static int post(isobar_client *client, isobar_answer *answer) {
  isobar_request request = {client->authority,
                            client->path,
                            client->is_tls,
                            {"Content-Type", "Content-Digest", "Signature-Input", "Signature"},
                            {ISOBAR_CONTENT_TYPE, client->digest_field, client->input_field, client->signature_field},
                            client->body,
                            client->length};
  isobar_response response = {0, 0, client->scratch, sizeof client->scratch, 0};
  if (client->platform.post(client->platform.context, &request, &response) != 0) return -1;
  isobar_read_answer(&response, answer);
  return 0;
}

static isobar_outcome corrected(isobar_outcome kept) { return kept == ISOBAR_IDLE ? ISOBAR_AGAIN_NOW : kept; }

isobar_outcome isobar_send(isobar_client *client, isobar_answer *answer) {
  memset(answer, 0, sizeof *answer);
  if (client->length == 0) return ISOBAR_IDLE;
  if (sign(client) != 0) return ISOBAR_NOT_SIGNED;
  if (post(client, answer) != 0) return ISOBAR_AGAIN_LATER;
  if (answer->status == 200 || answer->status == 201) {
    /* A captive portal answers 200, too. */
    if (!answer->has_receipt) return ISOBAR_AGAIN_LATER;
    client->is_clock_known = 1;
    /* Where keep fails here, the batch goes again after a restart and gets the same receipt. */
    if (isobar_drop(client) != ISOBAR_IDLE) client->length = 0;
    return answer->status == 201 ? ISOBAR_ACCEPTED : ISOBAR_REPEATED;
  }
  if (answer->status == 401 && strcmp(answer->code, "clock-skew") == 0 && answer->server_seconds > 0) {
    client->clock_offset_ms = answer->server_seconds * 1000 - client->platform.now_ms(client->platform.context);
    client->is_clock_known = 1;
    return ISOBAR_AGAIN_NOW;
  }
  /* Another program used the key, or the memory is an old copy. Readings that did arrive are recognised one by one. */
  if (answer->status == 409 && strcmp(answer->code, "nonce-too-old") == 0)
    return corrected(number(client, answer->highest_nonce, client->body, client->length));
  if (answer->status == 409 && strcmp(answer->code, "nonce-reused") == 0)
    return corrected(number(client, 0, client->body, client->length));
  if (answer->status == 408 || answer->status == 425 || answer->status == 429 || answer->status >= 500)
    return ISOBAR_AGAIN_LATER;
  /* What is no problem of ours says nothing about the batch: a redirect, a portal's page. */
  return answer->code[0] == '\0' ? ISOBAR_AGAIN_LATER : ISOBAR_REFUSED;
}
