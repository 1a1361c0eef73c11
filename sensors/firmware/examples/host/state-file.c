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

static int write_aside(const char *path, const isobar_memory *memory) {
  FILE *file = fopen(path, "wb");
  size_t at;
  int failed;
  if (file == NULL) return -1;
  failed = fprintf(file, "%016" PRIx64 " %zu ", memory->nonce, memory->length) < 0;
  for (at = 0; at < sizeof memory->previous && memory->has_previous; at++)
    failed |= fprintf(file, "%02x", memory->previous[at]) < 0;
  failed |= fputs(memory->has_previous ? "\n" : "-\n", file) < 0 ||
            (memory->length > 0 && fwrite(memory->body, 1, memory->length, file) != memory->length) ||
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

int host_keep(const char *path, const isobar_memory *memory) {
  char aside[PATH_BYTES];
  if (snprintf(aside, sizeof aside, "%s.new", path) >= (int)sizeof aside) return -1;
  if (write_aside(aside, memory) != 0 || rename(aside, path) != 0) return -1;
  return sync_folder_of(path);
}

int host_recall(const char *path, uint8_t *body, size_t capacity, isobar_memory *memory) {
  FILE *file = fopen(path, "rb");
  char previous[2 * ISOBAR_DIGEST_BYTES + 1];
  size_t at;
  int whole;
  memset(memory, 0, sizeof *memory);
  memory->body = body;
  if (file == NULL) return errno == ENOENT ? 0 : -1;
  whole = fscanf(file, "%16" SCNx64 " %zu %64s", &memory->nonce, &memory->length, previous) == 3 && fgetc(file) == '\n' &&
          memory->length <= capacity && fread(body, 1, memory->length, file) == memory->length;
  fclose(file);
  if (!whole) return -1;
  memory->has_previous = strcmp(previous, "-") != 0;
  for (at = 0; at < sizeof memory->previous && memory->has_previous; at++)
    if (sscanf(previous + 2 * at, "%2" SCNx8, &memory->previous[at]) != 1) return -1;
  return 0;
}
