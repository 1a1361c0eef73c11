/*
 * A sensor on an ESP32 with ESP-IDF: measures once a minute, signs, posts in the compact form. Wi-Fi, ingest address: idf.py menuconfig. What is
 * measured while there is no network is gathered and goes with the next batch.
 */
#include <string.h>

#include "esp_log.h"
#include "freertos/FreeRTOS.h"
#include "freertos/task.h"
#include "platform.h"
#include "sdkconfig.h"

#define INTERVAL_S 60
#define ATTEMPTS 3

static const char TAG[] = "isobar";
static isobar_client client;
static isobar_pack pack;
static uint8_t gathered[BATCH_BYTES];
static uint8_t room[ISOBAR_COSE_HEAD + BATCH_BYTES + ISOBAR_COSE_TAIL];
/* Where the client wants it. */
static uint8_t *const on_its_way = room + ISOBAR_COSE_HEAD;

/* Yours: hundredths of a degree from the sensor. Returns 0, or -1 where there is no value: then nothing is sent. */
static int measure(int64_t *hundredths) {
  (void)hundredths;
  return -1;
}

/* Until the time is known a pack holds one reading, of the moment in which it is signed. */
static void gather(void) {
  int64_t hundredths, measured_ms = client.is_clock_known ? isobar_now_ms(&client) : ISOBAR_NOW;
  if (measured_ms == ISOBAR_NOW || (pack.count > 0 && pack.base_ms == ISOBAR_NOW))
    isobar_cbor_begin(&pack, gathered, sizeof gathered);
  if (measure(&hundredths) != 0) return;
  if (isobar_cbor_add(&pack, client.did, "temp", "Cel", hundredths, 2, measured_ms) != 0)
    ESP_LOGW(TAG, "the buffer is full: a reading is lost");
}

static isobar_outcome put_gathered(void) {
  size_t length;
  const uint8_t *batch = isobar_cbor_end(&pack, &length);
  isobar_outcome outcome;
  if (batch == NULL || client.memory.length > 0) return ISOBAR_IDLE;
  memcpy(on_its_way, batch, length);
  outcome = isobar_put(&client, on_its_way, length);
  if (outcome == ISOBAR_IDLE) isobar_cbor_begin(&pack, gathered, sizeof gathered);
  return outcome;
}

static uint32_t deliver(void) {
  isobar_answer answer = {0};
  isobar_outcome outcome = isobar_deliver(&client, ATTEMPTS, &answer);
  if (outcome == ISOBAR_ACCEPTED || outcome == ISOBAR_REPEATED) {
    ESP_LOGI(TAG, "receipt %s", answer.receipt);
  } else if (outcome == ISOBAR_REFUSED) {
    ESP_LOGE(TAG, "refused: %d %s", answer.status, answer.code);
    isobar_drop(&client);
  } else if (outcome != ISOBAR_IDLE) {
    ESP_LOGW(TAG, "not delivered: outcome %d, status %d", (int)outcome, answer.status);
  }
  return answer.interval_s > 0 ? answer.interval_s : INTERVAL_S;
}

void app_main(void) {
  isobar_platform hooks = platform_hooks();
  isobar_signer signer;
  char did[ISOBAR_DID_BYTES];
  isobar_memory memory;
  int has_time = platform_start();
  if (platform_signer(&signer) != 0) {
    ESP_LOGE(TAG, "no key");
    return;
  }
  isobar_did_key(&signer, did, sizeof did);
  ESP_LOGI(TAG, "this device is %s", did);
  if (isobar_init(&client, &signer, &hooks, CONFIG_ISOBAR_INGEST_URL) != ISOBAR_IDLE) {
    ESP_LOGE(TAG, "register it, then set the ingest address");
    return;
  }
  if (has_time) isobar_clock_was_set(&client);
  isobar_use_cose(&client, room, sizeof room);
  platform_recall(on_its_way, &memory);
  isobar_resume(&client, &memory);
  isobar_cbor_begin(&pack, gathered, sizeof gathered);
  for (;;) {
    if (platform_clock_was_set()) isobar_clock_was_set(&client);
    gather();
    if (put_gathered() != ISOBAR_IDLE) ESP_LOGE(TAG, "flash does not take the batch");
    vTaskDelay(pdMS_TO_TICKS(1000 * deliver()));
  }
}
