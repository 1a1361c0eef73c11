#define _POSIX_C_SOURCE 200809L
#include "platform.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/time.h>
#include <time.h>

#include "esp_crt_bundle.h"
#include "esp_event.h"
#include "esp_http_client.h"
#include "esp_netif.h"
#include "esp_netif_sntp.h"
#include "esp_random.h"
#include "freertos/FreeRTOS.h"
#include "freertos/task.h"
#include "nvs.h"
#include "nvs_flash.h"
#include "protocol_examples_common.h"
#include "psa/crypto.h"

#define NAMESPACE "isobar"
#define TIMEOUT_MS 20000

static nvs_handle_t flash;
/* Written by SNTP's task, taken by the main loop: the client itself belongs to one task. */
static volatile int was_clock_set;

static void on_clock_set(struct timeval *time) {
  (void)time;
  was_clock_set = 1;
}

int platform_clock_was_set(void) {
  if (!was_clock_set) return 0;
  /* Set once more in between, it is the same news. */
  was_clock_set = 0;
  return 1;
}

int platform_start(void) {
  esp_sntp_config_t sntp = ESP_NETIF_SNTP_DEFAULT_CONFIG("pool.ntp.org");
  sntp.sync_cb = on_clock_set;
  ESP_ERROR_CHECK(nvs_flash_init());
  ESP_ERROR_CHECK(nvs_open(NAMESPACE, NVS_READWRITE, &flash));
  ESP_ERROR_CHECK(esp_netif_init());
  ESP_ERROR_CHECK(esp_event_loop_create_default());
  ESP_ERROR_CHECK(example_connect());
  ESP_ERROR_CHECK(esp_netif_sntp_init(&sntp));
  return esp_netif_sntp_sync_wait(pdMS_TO_TICKS(TIMEOUT_MS)) == ESP_OK;
}

/* The server's Retry-After comes only by way of an event. */
static esp_err_t on_event(esp_http_client_event_t *event) {
  isobar_response *response = event->user_data;
  if (event->event_id == HTTP_EVENT_ON_HEADER && strcasecmp(event->header_key, "Retry-After") == 0)
    response->retry_after_s = (uint32_t)strtoul(event->header_value, NULL, 10);
  return ESP_OK;
}

static int exchange(esp_http_client_handle_t http, const isobar_request *request, isobar_response *response) {
  int at, length = (int)request->length;
  for (at = 0; at < request->fields; at++)
    if (esp_http_client_set_header(http, request->names[at], request->values[at]) != ESP_OK) return -1;
  if (esp_http_client_open(http, length) != ESP_OK) return -1;
  if (esp_http_client_write(http, (const char *)request->body, length) != length) return -1;
  if (esp_http_client_fetch_headers(http) < 0) return -1;
  response->status = esp_http_client_get_status_code(http);
  length = esp_http_client_read_response(http, response->body, (int)response->capacity);
  if (length < 0) return -1;
  response->length = (size_t)length;
  return 0;
}

static int post(void *context, const isobar_request *request, isobar_response *response) {
  char url[16 + ISOBAR_AUTHORITY_BYTES + ISOBAR_PATH_BYTES];
  esp_http_client_config_t config = {.url = url,
                                     .method = HTTP_METHOD_POST,
                                     .timeout_ms = TIMEOUT_MS,
                                     .event_handler = on_event,
                                     .user_data = response,
                                     .crt_bundle_attach = esp_crt_bundle_attach,
                                     .disable_auto_redirect = true};
  esp_http_client_handle_t http;
  int failed;
  (void)context;
  snprintf(url, sizeof url, "%s://%s%s", request->is_tls ? "https" : "http", request->authority, request->path);
  http = esp_http_client_init(&config);
  if (http == NULL) return -1;
  failed = exchange(http, request, response);
  esp_http_client_cleanup(http);
  return failed;
}

static int64_t now_ms(void *context) {
  struct timespec now;
  (void)context;
  clock_gettime(CLOCK_REALTIME, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* What stands before the batch in flash. */
typedef struct {
  uint64_t nonce;
  uint8_t has_previous;
  uint8_t previous[ISOBAR_DIGEST_BYTES];
} kept;

/* All in one blob: NVS replaces it whole or not at all. */
static int keep(void *context, const isobar_memory *memory) {
  static uint8_t blob[sizeof(kept) + BATCH_BYTES];
  kept head = {memory->nonce, (uint8_t)memory->has_previous, {0}};
  (void)context;
  if (memory->length > BATCH_BYTES) return -1;
  memcpy(head.previous, memory->previous, sizeof head.previous);
  memcpy(blob, &head, sizeof head);
  if (memory->length > 0) memcpy(blob + sizeof head, memory->body, memory->length);
  return nvs_set_blob(flash, "batch", blob, sizeof head + memory->length) != ESP_OK || nvs_commit(flash) != ESP_OK;
}

void platform_recall(uint8_t *body, isobar_memory *memory) {
  static uint8_t blob[sizeof(kept) + BATCH_BYTES];
  size_t size = sizeof blob;
  kept head;
  memset(memory, 0, sizeof *memory);
  memory->body = body;
  if (nvs_get_blob(flash, "batch", blob, &size) != ESP_OK || size < sizeof head) return;
  memcpy(&head, blob, sizeof head);
  memory->nonce = head.nonce;
  memory->has_previous = head.has_previous;
  memcpy(memory->previous, head.previous, sizeof head.previous);
  memory->length = size - sizeof head;
  memcpy(body, blob + sizeof head, memory->length);
}

static void wait_ms(void *context, uint32_t ms) {
  (void)context;
  vTaskDelay(pdMS_TO_TICKS(ms));
}

static uint32_t jitter(void *context) {
  (void)context;
  return esp_random();
}

isobar_platform platform_hooks(void) {
  isobar_platform hooks = {NULL, post, now_ms, keep, wait_ms, jitter};
  return hooks;
}

static psa_key_attributes_t p256(psa_key_usage_t usage) {
  psa_key_attributes_t attributes = PSA_KEY_ATTRIBUTES_INIT;
  psa_set_key_type(&attributes, PSA_KEY_TYPE_ECC_KEY_PAIR(PSA_ECC_FAMILY_SECP_R1));
  psa_set_key_bits(&attributes, 256);
  psa_set_key_algorithm(&attributes, PSA_ALG_ECDSA(PSA_ALG_SHA_256));
  psa_set_key_usage_flags(&attributes, usage);
  return attributes;
}

static int make_key(uint8_t scalar[32]) {
  psa_key_attributes_t attributes = p256(PSA_KEY_USAGE_EXPORT);
  psa_key_id_t id;
  size_t length = 0;
  int failed;
  if (psa_generate_key(&attributes, &id) != PSA_SUCCESS) return -1;
  failed = psa_export_key(id, scalar, 32, &length) != PSA_SUCCESS || length != 32;
  psa_destroy_key(id);
  return failed || nvs_set_blob(flash, "key", scalar, 32) != ESP_OK || nvs_commit(flash) != ESP_OK ? -1 : 0;
}

int platform_signer(isobar_signer *signer) {
  static isobar_psa_key key;
  psa_key_attributes_t attributes = p256(PSA_KEY_USAGE_SIGN_HASH);
  psa_key_id_t id;
  uint8_t scalar[32];
  size_t length = sizeof scalar;
  int failed;
  if (psa_crypto_init() != PSA_SUCCESS) return -1;
  /* Only a key that is not there is made anew: one that cannot be read may still be the device's name. */
  switch (nvs_get_blob(flash, "key", scalar, &length)) {
    case ESP_OK:
      break;
    case ESP_ERR_NVS_NOT_FOUND:
      if (make_key(scalar) != 0) return -1;
      break;
    default:
      return -1;
  }
  failed = psa_import_key(&attributes, scalar, sizeof scalar, &id) != PSA_SUCCESS;
  memset(scalar, 0, sizeof scalar);
  return failed ? -1 : isobar_psa_signer(&key, id, signer);
}
