#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "host.h"

#define PATH_BYTES 1024

static int write_aside(const char *path, uint64_t nonce, const uint8_t *body, size_t length) {
  FILE *file = fopen(path, "wb");
  int failed;
  if (file == NULL) return -1;
  failed = fprintf(file, "%016" PRIx64 " %zu\n", nonce, length) < 0 || fwrite(body, 1, length, file) != length ||
           fflush(file) != 0 || fsync(fileno(file)) != 0;
  return fclose(file) != 0 || failed ? -1 : 0;
}

static int sync_folder_of(const char *path) {
  char copy[PATH_BYTES];
  int fd, failed;
  snprintf(copy, sizeof copy, "%s", path);
  fd = open(dirname(copy), O_RDONLY);
  if (fd < 0) return -1;
  failed = fsync(fd);
  close(fd);
  return failed;
}

int host_keep(const char *path, uint64_t nonce, const uint8_t *body, size_t length) {
  char aside[PATH_BYTES];
  if (snprintf(aside, sizeof aside, "%s.new", path) >= (int)sizeof aside) return -1;
  if (write_aside(aside, nonce, length > 0 ? body : (const uint8_t *)"", length) != 0 || rename(aside, path) != 0) return -1;
  return sync_folder_of(path);
}

int host_recall(const char *path, uint64_t *nonce, uint8_t *body, size_t capacity, size_t *length) {
  FILE *file = fopen(path, "rb");
  int whole;
  *nonce = 0;
  *length = 0;
  if (file == NULL) return errno == ENOENT ? 0 : -1;
  whole = fscanf(file, "%16" SCNx64 " %zu", nonce, length) == 2 && fgetc(file) == '\n' && *length <= capacity &&
          fread(body, 1, *length, file) == *length;
  fclose(file);
  return whole ? 0 : -1;
}
