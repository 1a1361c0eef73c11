/*
 * Sends readings from a POSIX system: a gateway, a cron job, a test.
 *
 *   isobar-send [-v] [--compact] [--no-clock] [--via=HOST:PORT] KEY.pem INGEST_URL STATE [QUANTITY=VALUE:UNIT ...]
 *   isobar-send key.pem http://127.0.0.1:8787/v1/regions/... state temp=21.40:Cel rh=54:%RH
 *
 * --compact sends CBOR in place of JSON. --via=HOST:PORT connects there in place of the address's host: a tunnel that speaks TLS.
 * STATE is the device's memory. A batch that found no answer goes first; without readings, only that goes. The receipt's name is printed. Ends with 0 accepted, 1 refused, 2 wrong use, 75 not reached: run it again later (EX_TEMPFAIL of sysexits.h).
 */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "host.h"

#define BODY_BYTES 65536
#define ATTEMPTS 3

typedef struct {
  host_http http;
  const char *state;
  /* A device without a clock: time begins with the program. */
  int has_clock;
  int64_t started_ms;
  int is_compact;
} host;

static int64_t clock_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int64_t now_ms(void *context) {
  const host *self = context;
  return self->has_clock ? clock_ms() : clock_ms() - self->started_ms;
}

static int post(void *context, const isobar_request *request, isobar_response *response) {
  return host_post(&((host *)context)->http, request, response);
}

static int keep(void *context, const isobar_memory *memory) {
  return host_keep(((host *)context)->state, memory);
}

static void wait_ms(void *context, uint32_t ms) {
  struct timespec time = {ms / 1000, (long)(ms % 1000) * 1000000};
  (void)context;
  nanosleep(&time, NULL);
}

static uint32_t jitter(void *context) {
  struct timespec now;
  (void)context;
  clock_gettime(CLOCK_REALTIME, &now);
  return (uint32_t)now.tv_nsec;
}

static int open_key(const char *path, isobar_signer *signer) {
  isobar_algorithm algorithm;
  uint8_t secret[32];
  if (host_read_key(path, &algorithm, secret) != 0) return -1;
  if (algorithm == ISOBAR_ED25519) {
    static isobar_sodium_key key;
    return isobar_sodium_signer(&key, secret, signer);
  } else {
    static isobar_bearssl_key key;
    return isobar_bearssl_signer(&key, secret, signer);
  }
}

/* temp=21.40:Cel, as 2140 with two decimals. */
static int add_reading(isobar_pack *pack, const isobar_client *client, char *text, int64_t measured_ms, int is_compact) {
  char *value = strchr(text, '='), *unit = value != NULL ? strchr(value, ':') : NULL, *point, *end;
  unsigned decimals = 0;
  long long number;
  if (unit == NULL) return -1;
  *value++ = '\0';
  *unit++ = '\0';
  if ((point = strchr(value, '.')) != NULL) {
    decimals = (unsigned)strlen(point + 1);
    memmove(point, point + 1, decimals + 1);
  }
  number = strtoll(value, &end, 10);
  if (end == value || *end != '\0') return -1;
  return (is_compact ? isobar_cbor_add : isobar_pack_add)(pack, client->did, text, unit, number, decimals, measured_ms);
}

static int deliver(isobar_client *client) {
  isobar_answer answer;
  isobar_outcome outcome = isobar_deliver(client, ATTEMPTS, &answer);
  switch (outcome) {
    case ISOBAR_ACCEPTED:
    case ISOBAR_REPEATED:
      printf("%s %s\n", outcome == ISOBAR_ACCEPTED ? "accepted" : "repeated", answer.receipt);
      return 0;
    case ISOBAR_REFUSED:
      fprintf(stderr, "refused: %d %s\n", answer.status, answer.code);
      return isobar_drop(client) == ISOBAR_IDLE ? 1 : 75;
    case ISOBAR_AGAIN_LATER:
      fprintf(stderr, "no receipt (status %d); the batch is kept\n", answer.status);
      return 75;
    default:
      fprintf(stderr, "not sent: outcome %d\n", (int)outcome);
      return 75;
  }
}

static int usage(const char *problem) {
  fprintf(stderr, "%s\nisobar-send [-v] [--compact] [--no-clock] [--via=HOST:PORT] KEY.pem INGEST_URL STATE [QUANTITY=VALUE:UNIT ...]\n",
          problem);
  return 2;
}

int main(int argc, char **argv) {
  static isobar_client client;
  static uint8_t room[ISOBAR_COSE_HEAD + BODY_BYTES + ISOBAR_COSE_TAIL], *const body = room + ISOBAR_COSE_HEAD;
  host self = {{NULL, 0}, NULL, 1, clock_ms(), 0};
  isobar_platform platform = {&self, post, now_ms, keep, wait_ms, jitter};
  isobar_signer signer;
  isobar_pack pack;
  isobar_memory memory;
  const uint8_t *batch = body;
  size_t length;
  int64_t measured_ms;
  int at = 1, code = 0;
  for (; at < argc && argv[at][0] == '-'; at++) {
    if (strcmp(argv[at], "-v") == 0) self.http.is_verbose = 1;
    else if (strcmp(argv[at], "--compact") == 0) self.is_compact = 1;
    else if (strcmp(argv[at], "--no-clock") == 0) self.has_clock = 0;
    else if (strncmp(argv[at], "--via=", 6) == 0) self.http.via = argv[at] + 6;
    else return usage("unknown option");
  }
  if (argc - at < 3) return usage("key, address and state are needed");
  if (open_key(argv[at], &signer) != 0) return usage("the key file holds no PKCS#8 key, Ed25519 or P-256");
  self.state = argv[at + 2];
  if (isobar_init(&client, &signer, &platform, argv[at + 1]) != ISOBAR_IDLE) return usage("the ingest address is none");
  if (host_recall(self.state, body, BODY_BYTES, &memory) != 0) return usage("the state file cannot be read");
  client.is_clock_known = self.has_clock;
  isobar_use_cose(&client, room, sizeof room);
  isobar_resume(&client, &memory);
  if (memory.length > 0) code = deliver(&client);
  if (code == 75 || argc - at == 3) return code;
  measured_ms = client.is_clock_known ? isobar_now_ms(&client) : ISOBAR_NOW;
  if (self.is_compact) isobar_cbor_begin(&pack, body, BODY_BYTES);
  else isobar_pack_begin(&pack, (char *)body, BODY_BYTES);
  for (at += 3; at < argc; at++)
    if (add_reading(&pack, &client, argv[at], measured_ms, self.is_compact) != 0) return usage("a reading is QUANTITY=VALUE:UNIT");
  if (self.is_compact) batch = isobar_cbor_end(&pack, &length);
  else length = isobar_pack_end(&pack);
  if (isobar_put(&client, batch, length) != ISOBAR_IDLE) return perror(self.state), 75;
  return deliver(&client);
}
