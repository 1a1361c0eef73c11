#include <stdint.h>
#include <sys/time.h>
#include "esp_err.h"
typedef struct {
  const char *server;
  void (*sync_cb)(struct timeval *time);
} esp_sntp_config_t;
#define ESP_NETIF_SNTP_DEFAULT_CONFIG(name) {.server = name}
esp_err_t esp_netif_sntp_init(const esp_sntp_config_t *config);
esp_err_t esp_netif_sntp_sync_wait(uint32_t ticks);
