/* Stand-ins for ESP-IDF's headers, so that a host's compiler can check the sketch: only what it uses, no code. */
#ifndef STUB_ESP_ERR_H
#define STUB_ESP_ERR_H
typedef int esp_err_t;
#define ESP_OK 0
void abort(void);
#define ESP_ERROR_CHECK(x) ((x) == ESP_OK ? (void)0 : abort())
#endif
