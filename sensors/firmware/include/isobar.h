/*
 * Signed readings from a microcontroller: ingest v1 of docs/protocol.md in C99. Nothing here allocates, opens a socket or
 * reads a clock; memory belongs to the caller, and network, clock, key and flash are function pointers.
 *
 *   isobar_init -> isobar_resume (after a restart) -> [isobar_pack_* -> isobar_put -> isobar_send until settled] ...
 *
 * A batch is SenML in JSON, or in CBOR (isobar_cbor_*), which goes out as COSE: the compact form.
 */
#ifndef ISOBAR_H
#define ISOBAR_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* With the zero at the end. A P-256 did:key has 57 characters. */
#define ISOBAR_DID_BYTES 64
#define ISOBAR_AUTHORITY_BYTES 80
#define ISOBAR_PATH_BYTES 96
#define ISOBAR_DIGEST_FIELD_BYTES 56
#define ISOBAR_INPUT_FIELD_BYTES 224
#define ISOBAR_SIGNATURE_FIELD_BYTES 96
/* Holds first the text that is signed, then the answer: at most one problem, or the beginning of a receipt. */
#define ISOBAR_SCRATCH_BYTES 1024
#define ISOBAR_DIGEST_BYTES 32
#define ISOBAR_CONTENT_TYPE "application/senml+json"
#define ISOBAR_COSE_CONTENT_TYPE "application/cose"
/* What stands around a batch in the compact form: before it at most so much, behind it exactly so much. */
#define ISOBAR_COSE_HEAD 336
#define ISOBAR_COSE_TAIL 66

/* -- Keys ---------------------------------------------------------------------------------------------------------- */

typedef enum { ISOBAR_ED25519, ISOBAR_P256 } isobar_algorithm;

typedef struct {
  isobar_algorithm algorithm;
  /* Ed25519: 32 bytes. P-256: the compressed point, 33 bytes (isobar_compress_p256). */
  uint8_t public_key[33];
  /*
   * Ed25519 gets the whole message. P-256 gets its SHA-256, 32 bytes, and writes r || s, not DER: what an ATECC608 takes
   * and gives, and psa_sign_hash likewise. Returns 0, or anything else for a failure.
   */
  int (*sign)(void *context, const uint8_t *input, size_t length, uint8_t signature[64]);
  void *context;
} isobar_signer;

/* From x || y, as secure elements give it, to the compressed point (SEC 1 section 2.3.3). */
void isobar_compress_p256(const uint8_t xy[64], uint8_t compressed[33]);
/* The device's id. Returns its length, or 0 where it does not fit. */
size_t isobar_did_key(const isobar_signer *signer, char *text, size_t capacity);

/* -- Readings: a SenML pack (RFC 8428) ------------------------------------------------------------------------------- */

typedef struct {
  char *text;
  size_t capacity;
  size_t length;
  int64_t base_ms;
  int count;
} isobar_pack;

/* In place of a time: the reading is of the moment in which the pack is signed. For a device that does not know the time. */
#define ISOBAR_NOW INT64_MIN

void isobar_pack_begin(isobar_pack *pack, char *buffer, size_t capacity);
/*
 * value * 10^-decimals, so 2140 with 2 decimals is 21.40: no floating point. measured_ms is Unix time; either every reading of a
 * pack has one or none (ISOBAR_NOW). Returns 0, or -1 where it did not fit and was left out: send what is there.
 */
int isobar_pack_add(isobar_pack *pack, const char *did, const char *quantity, const char *unit, int64_t value,
                    unsigned decimals, int64_t measured_ms);
/* Closes the pack. Returns its length, or 0 where it holds no reading. */
size_t isobar_pack_end(isobar_pack *pack);

/* The same in CBOR, two thirds of the bytes. */
void isobar_cbor_begin(isobar_pack *pack, uint8_t *buffer, size_t capacity);
int isobar_cbor_add(isobar_pack *pack, const char *did, const char *quantity, const char *unit, int64_t value,
                    unsigned decimals, int64_t measured_ms);
/* Where the batch begins in the buffer; NULL and 0 where it holds no reading. */
const uint8_t *isobar_cbor_end(const isobar_pack *pack, size_t *length);

/* -- What the device brings ------------------------------------------------------------------------------------------ */

typedef struct {
  const char *authority;
  const char *path;
  int is_tls;
  /* Fields to send beside Host and Content-Length. */
  int fields;
  const char *names[5];
  const char *values[5];
  const uint8_t *body;
  size_t length;
} isobar_request;

typedef struct {
  int status;
  /* Seconds of Retry-After, 0 without. */
  uint32_t retry_after_s;
  /* The first `capacity` bytes of the body; the rest is thrown away. */
  char *body;
  size_t capacity;
  size_t length;
} isobar_response;

/* What must outlast a loss of power. */
typedef struct {
  /* Used last. */
  uint64_t nonce;
  /* The batch on its way; length 0: none. It stays the caller's memory and must not change until it is settled. */
  const uint8_t *body;
  size_t length;
  /* The batch that was accepted last, which the next one names: what a copy of the key cannot do without being found. */
  int has_previous;
  uint8_t previous[ISOBAR_DIGEST_BYTES];
} isobar_memory;

typedef struct {
  void *context;
  /* Posts once. Returns 0 when an answer came, with its status; anything else when none did. */
  int (*post)(void *context, const isobar_request *request, isobar_response *response);
  /* Milliseconds since 1970. May be wrong, or count from the start of the device: the network's answer corrects it. */
  int64_t (*now_ms)(void *context);
  /*
   * Keeps all of it where a loss of power does not reach it, all or nothing, and returns 0 once it is there. It is called
   * before anything is sent. A device that cannot keep the batch keeps the nonce: its readings may then arrive twice, and the
   * network counts them once.
   */
  int (*keep)(void *context, const isobar_memory *memory);
  /* Only for isobar_deliver. */
  void (*wait_ms)(void *context, uint32_t ms);
  /* Only for isobar_deliver: any 32 bits, to spread the retries of many devices. */
  uint32_t (*jitter)(void *context);
} isobar_platform;

/* -- The client ------------------------------------------------------------------------------------------------------ */

typedef enum {
  ISOBAR_ACCEPTED,    /* 201: the receipt is new */
  ISOBAR_REPEATED,    /* 200: the network had the batch already */
  ISOBAR_AGAIN_NOW,   /* clock or nonce were corrected: send again at once */
  ISOBAR_AGAIN_LATER, /* no answer, or one that says nothing about the batch: send the same again later */
  ISOBAR_REFUSED,     /* sending again changes nothing: answer.code says why, isobar_drop makes room */
  ISOBAR_IDLE,        /* no batch is on its way */
  ISOBAR_BUSY,        /* a batch is still on its way */
  ISOBAR_NOT_KEPT,    /* the keep hook failed: nothing was sent */
  ISOBAR_NOT_SIGNED,  /* the sign hook failed: nothing was sent */
  ISOBAR_NO_ROOM,     /* a batch in CBOR needs isobar_use_cose, and that much room */
  ISOBAR_BAD_ADDRESS, /* the ingest address is none, or too long */
  ISOBAR_NONCE_SPENT  /* the counter is at its end: make a new key */
} isobar_outcome;

/* What the network said. Texts are cut to fit. */
typedef struct {
  int status;
  int has_receipt;
  char receipt[40];
  /* The problem's code, docs/protocol.md; empty without one. */
  char code[32];
  /* Of clock-skew, else 0. */
  int64_t server_seconds;
  /* Of nonce-too-old, else 0. */
  uint64_t highest_nonce;
  uint32_t retry_after_s;
  /* Seconds until the network would like the next reading, 0 where the answer does not say. */
  uint32_t interval_s;
} isobar_answer;

typedef struct {
  isobar_signer signer;
  isobar_platform platform;
  char did[ISOBAR_DID_BYTES];
  char authority[ISOBAR_AUTHORITY_BYTES];
  char path[ISOBAR_PATH_BYTES];
  int is_tls;
  isobar_memory memory;
  /* Of isobar_use_cose. */
  uint8_t *room;
  size_t room_bytes;
  int64_t clock_offset_ms;
  /* 1 once the network has accepted or corrected the clock, or isobar_clock_was_set was called: from then on isobar_now_ms is a time of measurement. */
  int is_clock_known;
  char digest_field[ISOBAR_DIGEST_FIELD_BYTES];
  char previous_field[ISOBAR_DIGEST_FIELD_BYTES];
  char input_field[ISOBAR_INPUT_FIELD_BYTES];
  char signature_field[ISOBAR_SIGNATURE_FIELD_BYTES];
  char scratch[ISOBAR_SCRATCH_BYTES];
} isobar_client;

/* ISOBAR_IDLE, or ISOBAR_BAD_ADDRESS. The url is the ingest address that registration gave. */
isobar_outcome isobar_init(isobar_client *client, const isobar_signer *signer, const isobar_platform *platform,
                           const char *url);
/*
 * For batches in CBOR: where messages are built, ISOBAR_COSE_HEAD + batch + ISOBAR_COSE_TAIL bytes, the client's until the batch is
 * settled. A batch may be made there from room + ISOBAR_COSE_HEAD on.
 */
void isobar_use_cose(isobar_client *client, uint8_t *room, size_t bytes);
/* What keep stored last, before the first isobar_put. A batch among it goes again under its own nonce. */
void isobar_resume(isobar_client *client, const isobar_memory *memory);
/* The device's clock with the network's correction, Unix milliseconds. */
int64_t isobar_now_ms(const isobar_client *client);
/*
 * The clock behind now_ms was set right, by SNTP or by hand: the network's correction was of the clock before and goes, or both
 * together would put readings into the future. Not for an interrupt or another task: let that set a flag which your loop takes.
 */
void isobar_clock_was_set(isobar_client *client);
/* Gives the batch a nonce and keeps both. ISOBAR_IDLE where that is done, else why not. */
isobar_outcome isobar_put(isobar_client *client, const uint8_t *body, size_t length);
/* One try: signs and posts. ISOBAR_ACCEPTED and ISOBAR_REPEATED settle the batch. */
isobar_outcome isobar_send(isobar_client *client, isobar_answer *answer);
/* Settles a batch that was refused. The counter goes on. */
isobar_outcome isobar_drop(isobar_client *client);
/*
 * isobar_send until it is settled or `attempts` tries failed, waiting isobar_retry_ms between them and sending at once after a
 * correction. For a device that may wait; others call isobar_send from their own timer.
 */
isobar_outcome isobar_deliver(isobar_client *client, int attempts, isobar_answer *answer);
/* Before the next try after `failures` in a row: 0.5 s doubled to 30 s, half of it by chance; Retry-After goes first. */
uint32_t isobar_retry_ms(int failures, uint32_t retry_after_s, uint32_t jitter);

/* -- The parts, for other uses and for tests ------------------------------------------------------------------------- */

typedef struct {
  uint32_t state[8];
  uint64_t bytes;
  uint8_t block[64];
} isobar_sha256;

void isobar_sha256_begin(isobar_sha256 *hash);
void isobar_sha256_add(isobar_sha256 *hash, const void *data, size_t length);
void isobar_sha256_end(isobar_sha256 *hash, uint8_t digest[32]);

/* Each returns the length written, without the zero at the end, or 0 where it does not fit. */
size_t isobar_base64(const uint8_t *bytes, size_t length, char *text, size_t capacity);
size_t isobar_decimal(int64_t value, unsigned decimals, char *text, size_t capacity);
size_t isobar_digest_field(const uint8_t digest[ISOBAR_DIGEST_BYTES], char *text, size_t capacity);
size_t isobar_signature_params(int64_t created_seconds, const char *did, uint64_t nonce, int has_previous, char *text,
                               size_t capacity);
/* RFC 9421 section 2.5, in the order of isobar_signature_params. previous_field: NULL where no batch before is named. */
size_t isobar_signature_base(const char *authority, const char *path, const char *digest_field,
                             const char *previous_field, const char *params, char *text, size_t capacity);
/*
 * The compact form's bytes before the batch: of what is signed, then of what is posted, which the signature follows
 * (ISOBAR_COSE_TAIL). previous: NULL where no batch before is named.
 */
size_t isobar_cose_signed_head(const isobar_signer *signer, int64_t created_seconds, uint64_t nonce,
                               const uint8_t *previous, const char *authority, const char *path, size_t batch_bytes,
                               uint8_t *head, size_t capacity);
size_t isobar_cose_message_head(const isobar_signer *signer, int64_t created_seconds, uint64_t nonce,
                                const uint8_t *previous, size_t batch_bytes, uint8_t *head, size_t capacity);
/* Splits http(s)://authority/path; lower case, without the default port (RFC 9421 section 2.2.3). 0, or -1. */
int isobar_address(const char *url, char *authority, size_t authority_capacity, char *path, size_t path_capacity,
                   int *is_tls);
/* Any bytes give an answer; what cannot be read is left empty. */
void isobar_read_answer(const isobar_response *response, isobar_answer *answer);

#ifdef __cplusplus
}
#endif
#endif
