#ifndef CCHECKSUMS_H
#define CCHECKSUMS_H

#include <stddef.h>
#include <stdint.h>

// CRC-32C (Castagnoli, reflected, initial value and final xor ffffffff). `previous` is the result
// for the bytes before these, 0 at the start, so a long input can be fed in pieces.
uint32_t cchecksums_crc32c(uint32_t previous, const void *bytes, size_t count);

// The same by table only, for comparison and for processors without the instruction.
uint32_t cchecksums_crc32c_portable(uint32_t previous, const void *bytes, size_t count);

#endif
