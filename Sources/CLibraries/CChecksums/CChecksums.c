#include "CChecksums.h"

#include <pthread.h>
#include <stdbool.h>
#include <string.h>

static uint32_t table[256];
static pthread_once_t table_built = PTHREAD_ONCE_INIT;

static void build_table(void) {
    for (uint32_t byte = 0; byte < 256; byte++) {
        uint32_t value = byte;
        for (int bit = 0; bit < 8; bit++) value = (value >> 1) ^ (0x82f63b78u & -(value & 1u));
        table[byte] = value;
    }
}

uint32_t cchecksums_crc32c_portable(uint32_t previous, const void *bytes, size_t count) {
    pthread_once(&table_built, build_table);
    const uint8_t *next = bytes;
    uint32_t value = ~previous;
    while (count--) value = table[(value ^ *next++) & 0xff] ^ (value >> 8);
    return ~value;
}

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) static uint32_t crc32c_instruction(uint32_t previous,
                                                                      const void *bytes,
                                                                      size_t count) {
    const uint8_t *next = bytes;
    uint64_t value = ~previous;
    for (; count >= 8; count -= 8, next += 8) {
        uint64_t word;
        memcpy(&word, next, 8);
        value = __builtin_ia32_crc32di(value, word);
    }
    uint32_t rest = (uint32_t)value;
    while (count--) rest = __builtin_ia32_crc32qi(rest, *next++);
    return ~rest;
}

uint32_t cchecksums_crc32c(uint32_t previous, const void *bytes, size_t count) {
    if (__builtin_cpu_supports("sse4.2")) return crc32c_instruction(previous, bytes, count);
    return cchecksums_crc32c_portable(previous, bytes, count);
}
#else
uint32_t cchecksums_crc32c(uint32_t previous, const void *bytes, size_t count) {
    return cchecksums_crc32c_portable(previous, bytes, count);
}
#endif
