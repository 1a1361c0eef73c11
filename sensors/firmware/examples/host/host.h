/* What a POSIX system brings to the client: sockets, a file for its memory, a key file. */
#ifndef ISOBAR_HOST_H
#define ISOBAR_HOST_H

#include "isobar-signers.h"

typedef struct {
  /* Connects here in place of the request's authority: a TLS tunnel, a proxy. NULL: nowhere else. */
  const char *via;
  int is_verbose;
} host_http;

int host_post(const host_http *http, const isobar_request *request, isobar_response *response);

/* 0, or -1 with errno: written aside, synced, renamed, so that the file is the old state or the new one. */
int host_keep(const char *path, const isobar_memory *memory);
/* 0, also where there is no file yet; -1 where there is one that cannot be read. */
int host_recall(const char *path, uint8_t *body, size_t capacity, isobar_memory *memory);

/* The 32 secret bytes of a PKCS#8 PEM file, Ed25519 or P-256, as openssl genpkey or `npm run device -- init` write it. */
int host_read_key(const char *path, isobar_algorithm *algorithm, uint8_t secret[32]);

#endif
