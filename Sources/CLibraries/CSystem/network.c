#define _GNU_SOURCE
#include "csystem_network.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <netinet/in.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

int csystem_unshare_network(void) { return unshare(CLONE_NEWNET); }
int csystem_unshare_user(void) { return unshare(CLONE_NEWUSER); }

static int close_keeping_error(int descriptor) {
    int error = errno;
    close(descriptor);
    errno = error;
    return -1;
}

static int name_request(struct ifreq *request, const char *name) {
    memset(request, 0, sizeof *request);
    if (strlen(name) >= sizeof request->ifr_name) {
        errno = ENAMETOOLONG;
        return -1;
    }
    strcpy(request->ifr_name, name);
    return 0;
}

int csystem_tap_open(const char *name) {
    struct ifreq request;
    if (name_request(&request, name) < 0) return -1;
    int descriptor = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);
    if (descriptor < 0) return -1;
    request.ifr_flags = IFF_TAP | IFF_NO_PI;
    if (ioctl(descriptor, TUNSETIFF, &request) < 0) return close_keeping_error(descriptor);
    return descriptor;
}

// Interfaces are set through a socket of their namespace; any socket will do.
static int interface_ioctl(unsigned long number, void *request) {
    int descriptor = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (descriptor < 0) return -1;
    if (ioctl(descriptor, number, request) < 0) return close_keeping_error(descriptor);
    close(descriptor);
    return 0;
}

int csystem_interface_set_up(const char *name) {
    struct ifreq request;
    if (name_request(&request, name) < 0) return -1;
    if (interface_ioctl(SIOCGIFFLAGS, &request) < 0) return -1;
    request.ifr_flags |= IFF_UP;
    return interface_ioctl(SIOCSIFFLAGS, &request);
}

int csystem_interface_set_hardware_address(const char *name, const uint8_t address[6]) {
    struct ifreq request;
    if (name_request(&request, name) < 0) return -1;
    request.ifr_hwaddr.sa_family = ARPHRD_ETHER;
    memcpy(request.ifr_hwaddr.sa_data, address, 6);
    return interface_ioctl(SIOCSIFHWADDR, &request);
}

static struct sockaddr_in internet_address(uint32_t address, uint16_t port) {
    struct sockaddr_in result;
    memset(&result, 0, sizeof result);
    result.sin_family = AF_INET;
    result.sin_addr.s_addr = htonl(address);
    result.sin_port = htons(port);
    return result;
}

int csystem_interface_set_address(const char *name, uint32_t address, uint32_t mask) {
    struct ifreq request;
    if (name_request(&request, name) < 0) return -1;
    struct sockaddr_in value = internet_address(address, 0);
    memcpy(&request.ifr_addr, &value, sizeof value);
    if (interface_ioctl(SIOCSIFADDR, &request) < 0) return -1;
    value = internet_address(mask, 0);
    memcpy(&request.ifr_netmask, &value, sizeof value);
    return interface_ioctl(SIOCSIFNETMASK, &request);
}

int csystem_interface_set_mtu(const char *name, int bytes) {
    struct ifreq request;
    if (name_request(&request, name) < 0) return -1;
    request.ifr_mtu = bytes;
    return interface_ioctl(SIOCSIFMTU, &request);
}

int csystem_add_neighbour(const char *name, uint32_t address, const uint8_t hardware[6]) {
    struct arpreq request;
    memset(&request, 0, sizeof request);
    if (strlen(name) >= sizeof request.arp_dev) {
        errno = ENAMETOOLONG;
        return -1;
    }
    strcpy(request.arp_dev, name);
    struct sockaddr_in value = internet_address(address, 0);
    memcpy(&request.arp_pa, &value, sizeof value);
    request.arp_ha.sa_family = ARPHRD_ETHER;
    memcpy(request.arp_ha.sa_data, hardware, 6);
    request.arp_flags = ATF_PERM | ATF_COM;
    return interface_ioctl(SIOCSARP, &request);
}

int csystem_udp_socket(uint32_t address, uint16_t port) {
    int descriptor = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (descriptor < 0) return -1;
    struct sockaddr_in value = internet_address(address, port);
    if (bind(descriptor, (struct sockaddr *)&value, sizeof value) < 0)
        return close_keeping_error(descriptor);
    return descriptor;
}

ssize_t csystem_udp_send(int descriptor, uint32_t address, uint16_t port, const void *bytes,
                         size_t count) {
    struct sockaddr_in value = internet_address(address, port);
    return sendto(descriptor, bytes, count, MSG_NOSIGNAL, (struct sockaddr *)&value,
                  sizeof value);
}

int csystem_packet_pair(int ends[2]) {
    return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends);
}
