/* HTTP/1.1 over a plain socket, one request a connection. TLS is a tunnel's work (--via=). */
#define _POSIX_C_SOURCE 200809L
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "host.h"

#define TIMEOUT_SECONDS 20
#define ANSWER_BYTES 65536

static int connect_to(const char *authority, const char *default_port) {
  char host[128], *port;
  struct addrinfo hints = {0}, *found, *at;
  struct timeval timeout = {TIMEOUT_SECONDS, 0};
  int fd = -1;
  if (snprintf(host, sizeof host, "%s", authority) >= (int)sizeof host) return -1;
  /* [::1]:8787 has colons of its own. */
  port = strrchr(host, ':');
  if (port != NULL && strchr(port, ']') == NULL) *port++ = '\0';
  else port = NULL;
  if (host[0] == '[') {
    memmove(host, host + 1, strlen(host));
    host[strcspn(host, "]")] = '\0';
  }
  hints.ai_socktype = SOCK_STREAM;
  if (getaddrinfo(host, port != NULL ? port : default_port, &hints, &found) != 0) return -1;
  for (at = found; at != NULL && fd < 0; at = at->ai_next) {
    fd = socket(at->ai_family, at->ai_socktype, at->ai_protocol);
    if (fd < 0) continue;
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout);
    if (connect(fd, at->ai_addr, at->ai_addrlen) != 0) {
      close(fd);
      fd = -1;
    }
  }
  freeaddrinfo(found);
  return fd;
}

static int send_all(int fd, const void *data, size_t length) {
  const char *at = data;
  while (length > 0) {
    ssize_t sent = send(fd, at, length, MSG_NOSIGNAL);
    if (sent <= 0) return -1;
    at += sent;
    length -= (size_t)sent;
  }
  return 0;
}

static int send_request(int fd, const isobar_request *request) {
  char head[1024];
  int at, length = snprintf(head, sizeof head, "POST %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\nContent-Length: %zu\r\n",
                            request->path, request->authority, request->length);
  for (at = 0; at < request->fields && length > 0 && length < (int)sizeof head; at++)
    length += snprintf(head + length, sizeof head - (size_t)length, "%s: %s\r\n", request->names[at], request->values[at]);
  if (length < 0 || length + 3 > (int)sizeof head) return -1;
  memcpy(head + length, "\r\n", 2);
  return send_all(fd, head, (size_t)length + 2) || send_all(fd, request->body, request->length);
}

/* The value of a field in a head that ends with a zero, or NULL. */
static const char *field(const char *head, const char *name) {
  size_t length = strlen(name);
  const char *line = strstr(head, "\r\n");
  for (; line != NULL; line = strstr(line, "\r\n")) {
    line += 2;
    if (strncasecmp(line, name, length) == 0 && line[length] == ':') return line + length + 1 + strspn(line + length + 1, " ");
  }
  return NULL;
}

/* In place. Returns the length, or -1 where the last chunk is missing: the answer was cut short. */
static long join_chunks(char *body, size_t length) {
  size_t from = 0, to = 0;
  while (from < length) {
    char *end;
    size_t size = strtoul(body + from, &end, 16);
    const char *data = strstr(end, "\r\n");
    if (end == body + from || data == NULL) return -1;
    if (size == 0) return (long)to;
    from = (size_t)(data + 2 - body);
    if (size > length - from || length - from - size < 2) return -1;
    memmove(body + to, body + from, size);
    to += size;
    from += size + 2;
  }
  return -1;
}

static int read_answer(char *raw, size_t length, isobar_response *response) {
  char *head_end = strstr(raw, "\r\n\r\n"), *body;
  const char *value;
  long size;
  if (head_end == NULL || sscanf(raw, "HTTP/1.%*1d %3d", &response->status) != 1) return -1;
  *head_end = '\0';
  body = head_end + 4;
  size = (long)(raw + length - body);
  if ((value = field(raw, "retry-after")) != NULL) response->retry_after_s = (uint32_t)strtoul(value, NULL, 10);
  if ((value = field(raw, "transfer-encoding")) != NULL) size = join_chunks(body, (size_t)size);
  else if ((value = field(raw, "content-length")) != NULL && strtol(value, NULL, 10) != size) size = -1;
  if (size < 0) return -1;
  response->length = (size_t)size < response->capacity ? (size_t)size : response->capacity;
  memcpy(response->body, body, response->length);
  return 0;
}

int host_post(const host_http *http, const isobar_request *request, isobar_response *response) {
  static char raw[ANSWER_BYTES + 1];
  size_t length = 0;
  ssize_t got = -1;
  int fd, failed;
  if (request->is_tls && http->via == NULL) {
    fprintf(stderr, "https needs a tunnel: give its address with --via=\n");
    return -1;
  }
  fd = connect_to(http->via != NULL ? http->via : request->authority, "80");
  if (fd < 0) return -1;
  if (send_request(fd, request) == 0)
    while (length < ANSWER_BYTES && (got = recv(fd, raw + length, ANSWER_BYTES - length, 0)) > 0) length += (size_t)got;
  close(fd);
  raw[length] = '\0';
  failed = got != 0 || read_answer(raw, length, response) != 0;
  if (http->is_verbose && !failed)
    fprintf(stderr, "%d %.*s\n", response->status, (int)response->length, response->body);
  return failed ? -1 : 0;
}
