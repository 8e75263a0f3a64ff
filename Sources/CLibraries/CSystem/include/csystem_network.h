#ifndef CSYSTEM_NETWORK_H
#define CSYSTEM_NETWORK_H

// Network namespaces, taps and what is set on their interfaces. Every function keeps the
// convention of the calls it wraps: -1 and errno on failure.

#include <stdint.h>
#include <sys/types.h>

// Moves the calling thread into a network namespace of its own.
int csystem_unshare_network(void);
// Moves the process, which must have one thread, into a user namespace of its own.
int csystem_unshare_user(void);

enum {
    csystem_interface_name_bytes = 16,
    csystem_hardware_address_bytes = 6,
};

// A tap in the calling thread's network namespace, non-blocking, one frame per read and write.
int csystem_tap_open(const char *name);
int csystem_interface_set_up(const char *name);
int csystem_interface_set_hardware_address(const char *name, const uint8_t address[6]);
// IPv4 in host order.
int csystem_interface_set_address(const char *name, uint32_t address, uint32_t mask);
int csystem_interface_set_mtu(const char *name, int bytes);
// A neighbour that is never asked for and never forgotten.
int csystem_add_neighbour(const char *name, uint32_t address, const uint8_t hardware[6]);

// UDP over IPv4, non-blocking; addresses in host order.
int csystem_udp_socket(uint32_t address, uint16_t port);
ssize_t csystem_udp_send(int descriptor, uint32_t address, uint16_t port, const void *bytes,
                         size_t count);

// A pair of connected sockets that keep the borders of what is written, non-blocking.
int csystem_packet_pair(int ends[2]);

#endif
