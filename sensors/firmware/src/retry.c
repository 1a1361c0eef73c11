#include "isobar.h"

#define FIRST_DELAY_MS 500u
#define MOST_DELAY_MS 30000u
#define MOST_RETRY_AFTER_S 300u
/* Clock and nonce can each be wrong once; more corrections than that are a server that contradicts itself. */
#define MOST_CORRECTIONS 3

uint32_t isobar_retry_ms(int failures, uint32_t retry_after_s, uint32_t jitter) {
  uint32_t delay_ms = FIRST_DELAY_MS;
  if (retry_after_s > 0) return (retry_after_s < MOST_RETRY_AFTER_S ? retry_after_s : MOST_RETRY_AFTER_S) * 1000u;
  for (; failures > 1 && delay_ms < MOST_DELAY_MS; failures--) delay_ms *= 2;
  if (delay_ms > MOST_DELAY_MS) delay_ms = MOST_DELAY_MS;
  return delay_ms / 2 + jitter % (delay_ms / 2 + 1);
}

isobar_outcome isobar_deliver(isobar_client *client, int attempts, isobar_answer *answer) {
  const isobar_platform *platform = &client->platform;
  int failures = 0, corrections = 0;
  for (;;) {
    isobar_outcome outcome = isobar_send(client, answer);
    if (outcome == ISOBAR_AGAIN_NOW && ++corrections <= MOST_CORRECTIONS) continue;
    if (outcome == ISOBAR_AGAIN_NOW) return ISOBAR_AGAIN_LATER;
    if (outcome != ISOBAR_AGAIN_LATER || ++failures >= attempts) return outcome;
    platform->wait_ms(platform->context,
                      isobar_retry_ms(failures, answer->retry_after_s, platform->jitter(platform->context)));
  }
}
