/*
 * fuzz INPUTS SEED: changed answers of a network to everything that reads one, on buffers of exactly their size, so that the address
 * sanitizer sees a byte too many. Says how often which outcome came; aborts where something is wrong.
 */
/* The host's example reads HTTP itself; its functions are its own. */
#include "../examples/host/http.c"

static uint64_t state;

/* xorshift64*: the same seed gives the same inputs. */
static uint32_t chance(uint32_t limit) {
  state ^= state >> 12;
  state ^= state << 25;
  state ^= state >> 27;
  return (uint32_t)((state * 0x2545f4914f6cdd1dULL) >> 33) % limit;
}

static void must(int holds, const char *what) {
  if (holds) return;
  fprintf(stderr, "does not hold: %s\n", what);
  abort();
}

static const char *const ANSWERS[] = {
  "{\"receipt\":\"83390cfffffffff-17\",\"device\":\"did:key:z6Mk\",\"readings\":{\"accepted\":3,\"refused\":[]},\"flags\":[],\"next\":{\"interval\":300}}",
  "{\"type\":\"about:blank\",\"status\":400,\"code\":\"clock-skew\",\"detail\":\"x\",\"server-time\":\"2026-11-22T12:00:00Z\",\"server-seconds\":1795348800}",
  "{\"code\":\"nonce-too-old\",\"highest\":\"00000193b1e4a5c7\",\"detail\":\"say \\\"hi\\\" [}\"}",
  "{\"code\":\"nonce-reused\",\"remedy\":\"\\u00e9\"}",
  "<html><body>502 Bad Gateway</body></html>",
  "{ \"next\" : { \"interval\" : 86401 } , \"receipt\" : \"\" }",
  "[]",
  "",
};
static const char *const WORDS[] = {
  "\"", "\\", "{", "}", "[", "]", ":", ",", "\"server-seconds\":", "\"highest\":\"", "\"next\":{\"interval\":", "\"receipt\":\"", "\"code\":\"clock-skew\"",
  "\"code\":\"nonce-too-old\"", "999999999999999", "9999999999999999", "-1", "1e9", "ffffffffffffffff", "fffffffffffffffe", "0", "{{{{{{{{", "]]]]]]]]",
};
static const char *const URLS[] = {
  "https://isobar.test/v1/regions/83390cfffffffff/readings/0123456789abcdef", "http://127.0.0.1:8787/v1/x", "https://Isobar.Test:443/a", "http://[::1]:80/v1/x",
};
#define COUNT(list) (sizeof list / sizeof list[0])

#define MOST 4096
static char input[MOST];
static size_t length;

static void insert(size_t at, const char *bytes, size_t count) {
  if (length + count > MOST) return;
  memmove(input + at + count, input + at, length - at);
  memcpy(input + at, bytes, count);
  length += count;
}

static void change(void) {
  size_t at = chance((uint32_t)length + 1), count;
  char byte = (char)chance(256);
  const char *other;
  switch (chance(7)) {
    case 0:
      if (at < length) input[at] ^= (char)(1u << chance(8));
      return;
    case 1:
      insert(at, &byte, 1);
      return;
    case 2:
      other = WORDS[chance(COUNT(WORDS))];
      insert(at, other, strlen(other));
      return;
    case 3:
      count = chance((uint32_t)(length - at) + 1);
      memmove(input + at, input + at + count, length - at - count);
      length -= count;
      return;
    case 4:
      length = at;
      return;
    case 5: {
      char piece[64];
      count = length - at < sizeof piece ? length - at : sizeof piece;
      memcpy(piece, input + at, count);
      insert(chance((uint32_t)length + 1), piece, count);
      return;
    }
    default:
      other = ANSWERS[chance(COUNT(ANSWERS))];
      length = at;
      count = chance((uint32_t)strlen(other) + 1);
      insert(length, other + count, strlen(other) - count);
  }
}

static void begin(const char *example) {
  uint32_t times = 1 + chance(4);
  length = 0;
  insert(0, example, strlen(example));
  while (times-- > 0) change();
}

/* On the heap, as long as it is and no longer. */
static void *exactly(const void *bytes, size_t count) {
  void *copy = malloc(count == 0 ? 1 : count);
  if (copy == NULL) abort();
  memcpy(copy, bytes, count);
  return copy;
}

static void check_answer(const isobar_answer *answer) {
  must(memchr(answer->receipt, 0, sizeof answer->receipt) != NULL, "a receipt with an end");
  must(memchr(answer->code, 0, sizeof answer->code) != NULL, "a code with an end");
  must(answer->interval_s <= 86400, "an interval of a day at most");
  must(answer->server_seconds >= 0 && answer->server_seconds <= 999999999999999, "seconds of 15 digits at most");
  must(answer->has_receipt == 0 || answer->receipt[0] != '\0', "a receipt that is none");
}

static const int STATUSES[] = {0, 200, 201, 400, 401, 409, 413, 422, 429, 500, 503, -1, 1000};
static int64_t clock_ms;
static uint64_t kept_nonce;
static int posts;

static int post(void *context, const isobar_request *request, isobar_response *response) {
  (void)context;
  posts++;
  must(request->fields >= 1 && strlen(request->values[request->fields - 1]) > 0, "a request that is signed");
  response->status = STATUSES[chance(COUNT(STATUSES))];
  response->retry_after_s = chance(3) == 0 ? chance(0x7fffffff) : 0;
  if (response->status == 0) return -1;
  begin(ANSWERS[chance(COUNT(ANSWERS))]);
  response->length = length;
  memcpy(response->body, input, length < response->capacity ? length : response->capacity);
  return 0;
}

static int64_t now_ms(void *context) { return (void)context, clock_ms; }
static int keep(void *context, const isobar_memory *memory) {
  (void)context;
  must(memory->nonce >= kept_nonce, "a nonce that rises");
  if (chance(50) == 0) return -1;
  kept_nonce = memory->nonce;
  return 0;
}
static void wait_ms(void *context, uint32_t ms) { (void)context, must(ms <= 86400000u * 2, "a wait that ends"); }
static uint32_t jitter(void *context) { return (void)context, chance(0x7fffffff); }
static int sign(void *context, const uint8_t *bytes, size_t count, uint8_t signature[64]) {
  (void)context, (void)bytes;
  memset(signature, (int)(count & 255), 64);
  return chance(100) == 0 ? -1 : 0;
}

static long outcomes[16];

/* A device that is answered at random, some rounds long. */
static void live(void) {
  static const int64_t CLOCKS[] = {0, 1795348800000, -1, 1, INT64_MAX / 4, INT64_MIN / 4};
  isobar_platform platform = {NULL, post, now_ms, keep, wait_ms, jitter};
  isobar_signer signer = {ISOBAR_ED25519, {7}, sign, NULL};
  isobar_client client;
  isobar_answer answer;
  static const uint8_t body[] = "[{\"n\":\"temp\",\"v\":1}]";
  static uint8_t room[ISOBAR_COSE_HEAD + sizeof body + ISOBAR_COSE_TAIL];
  uint32_t rounds = 1 + chance(6);
  clock_ms = CLOCKS[chance(COUNT(CLOCKS))];
  kept_nonce = 0;
  if (isobar_init(&client, &signer, &platform, URLS[chance(2)]) != ISOBAR_IDLE) abort();
  if (chance(3) == 0) isobar_use_cose(&client, room, sizeof room - chance(3));
  while (rounds-- > 0) {
    isobar_outcome outcome = isobar_put(&client, body, sizeof body - 1);
    outcomes[outcome]++;
    outcome = chance(4) == 0 ? isobar_deliver(&client, 3, &answer) : isobar_send(&client, &answer);
    outcomes[outcome]++;
    if (outcome == ISOBAR_REFUSED) isobar_drop(&client);
    check_answer(&answer);
  }
}

static void read_body(void) {
  isobar_response response;
  isobar_answer answer;
  begin(ANSWERS[chance(COUNT(ANSWERS))]);
  response.status = STATUSES[chance(COUNT(STATUSES))];
  response.retry_after_s = 0;
  response.body = exactly(input, length);
  response.capacity = length;
  /* What did not fit is told, too. */
  response.length = length + (chance(4) == 0 ? chance(5000) : 0);
  isobar_read_answer(&response, &answer);
  check_answer(&answer);
  free(response.body);
}

static const char *const HEADS[] = {
  "HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: 24\r\n\r\n{\"receipt\":\"8339-17\"}  ",
  "HTTP/1.1 503 Busy\r\nRetry-After: 4294967297\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nffffffffffffffff\r\n\r\n0\r\n\r\n",
  "HTTP/1.0 200 OK\r\n\r\n",
};

static void read_http(void) {
  char body[300], *raw;
  isobar_response response = {0, 0, body, 0, 0};
  response.capacity = chance(sizeof body);
  begin(HEADS[chance(COUNT(HEADS))]);
  if (length == MOST) length--;
  input[length] = '\0';
  raw = exactly(input, length + 1);
  if (read_answer(raw, length, &response) == 0) {
    isobar_answer answer;
    must(response.length <= response.capacity, "a body that fits");
    isobar_read_answer(&response, &answer);
    check_answer(&answer);
  }
  free(raw);
}

static void read_address(void) {
  char *url, *authority, *path;
  size_t authority_capacity = chance(ISOBAR_AUTHORITY_BYTES + 1), path_capacity = chance(ISOBAR_PATH_BYTES + 1);
  int is_tls;
  begin(URLS[chance(COUNT(URLS))]);
  if (length == MOST) length--;
  input[length] = '\0';
  url = exactly(input, strlen(input) + 1);
  authority = malloc(authority_capacity + 1), path = malloc(path_capacity + 1);
  if (authority == NULL || path == NULL) abort();
  authority[authority_capacity] = path[path_capacity] = '!';
  if (isobar_address(url, authority, authority_capacity, path, path_capacity, &is_tls) == 0) {
    must(strlen(authority) < authority_capacity && strlen(path) < path_capacity, "texts that fit");
    must(path[0] == '/' && strlen(authority) > 0, "an address with both its parts");
  }
  must(authority[authority_capacity] == '!' && path[path_capacity] == '!', "nothing behind the end");
  free(url), free(authority), free(path);
}

int main(int count, char **arguments) {
  long inputs = count > 1 ? atol(arguments[1]) : 10000, done;
  state = 0x9e3779b97f4a7c15ULL ^ (count > 2 ? (uint64_t)atol(arguments[2]) : 1);
  for (done = 0; done < inputs; done++) {
    switch (done % 4) {
      case 0:
        read_body();
        break;
      case 1:
        read_address();
        break;
      case 2:
        read_http();
        break;
      default:
        live();
    }
  }
  printf("%ld inputs, %d answers to posts; accepted %ld, repeated %ld, again %ld and %ld, refused %ld\n", inputs, posts, outcomes[ISOBAR_ACCEPTED],
         outcomes[ISOBAR_REPEATED], outcomes[ISOBAR_AGAIN_NOW], outcomes[ISOBAR_AGAIN_LATER], outcomes[ISOBAR_REFUSED]);
  return 0;
}
