/* What ESP-IDF brings to the client: HTTP with TLS, the clock, flash and a key. */
#ifndef PLATFORM_H
#define PLATFORM_H

#include "isobar-signers.h"

/* A batch, and what is gathered meanwhile: some thirty readings. NVS writes at most 4000 bytes as one blob. */
#define BATCH_BYTES 2048

/* Opens flash, network and clock; restarts the chip where that fails. 1 where the time is known. */
int platform_start(void);
/* Whether SNTP has set the clock since the last call. */
int platform_clock_was_set(void);
isobar_platform platform_hooks(void);
/* The key in flash; at the first start a new one from the chip's random numbers. */
int platform_signer(isobar_signer *signer);
/* What was kept last. `body` holds BATCH_BYTES. */
void platform_recall(uint8_t *body, isobar_memory *memory);

#endif
