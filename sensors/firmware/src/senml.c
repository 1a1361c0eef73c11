/* SenML JSON (RFC 8428), one record a reading; the first carries device, base time and version. */
#include "text.h"
#include "isobar.h"

static int64_t floor_seconds(int64_t ms) { return ms / 1000 - (ms % 1000 < 0); }

void isobar_pack_begin(isobar_pack *pack, char *buffer, size_t capacity) {
  pack->text = buffer;
  pack->capacity = capacity;
  pack->length = 0;
  pack->base_ms = ISOBAR_NOW;
  pack->count = 0;
}

int isobar_pack_add(isobar_pack *pack, const char *did, const char *quantity, const char *unit, int64_t value,
                    unsigned decimals, int64_t measured_ms) {
  isobar_text text = isobar_text_in(pack->text, pack->capacity);
  int has_time = measured_ms != ISOBAR_NOW;
  int64_t base_ms = pack->base_ms;
  text.length = pack->length;
  if (pack->count > 0 && has_time != (base_ms != ISOBAR_NOW)) return -1;
  if (pack->count > 0) {
    isobar_text_string(&text, ",\n{");
  } else {
    isobar_text_string(&text, "[{\"bn\":\"");
    isobar_text_string(&text, did);
    isobar_text_string(&text, ":\",");
    if (has_time) {
      base_ms = floor_seconds(measured_ms) * 1000;
      isobar_text_string(&text, "\"bt\":");
      isobar_text_integer(&text, base_ms / 1000, 0);
      isobar_text_string(&text, ",");
    }
    /* RFC 9100: version 10 plus 2^4, secondary units, which ug/m3, hPa and ppm belong to. */
    isobar_text_string(&text, "\"bver\":26,");
  }
  isobar_text_string(&text, "\"n\":\"");
  isobar_text_string(&text, quantity);
  isobar_text_string(&text, "\",\"u\":\"");
  isobar_text_string(&text, unit);
  isobar_text_string(&text, "\",");
  if (has_time && measured_ms != base_ms) {
    int64_t offset_ms = measured_ms - base_ms;
    isobar_text_string(&text, "\"t\":");
    if (offset_ms % 1000 == 0) isobar_text_integer(&text, offset_ms / 1000, 0);
    else isobar_text_integer(&text, offset_ms, 3);
    isobar_text_string(&text, ",");
  }
  isobar_text_string(&text, "\"v\":");
  isobar_text_integer(&text, value, decimals);
  isobar_text_string(&text, "}");
  /* The closing bracket must still fit, whatever comes. */
  if (text.is_full || text.capacity - text.length < 3) return -1;
  pack->length = text.length;
  pack->base_ms = base_ms;
  pack->count++;
  return 0;
}

size_t isobar_pack_end(isobar_pack *pack) {
  isobar_text text = isobar_text_in(pack->text, pack->capacity);
  if (pack->count == 0) return 0;
  text.length = pack->length;
  isobar_text_string(&text, "]");
  return isobar_text_end(&text);
}
