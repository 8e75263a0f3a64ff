#ifndef CSYSTEM_H
#define CSYSTEM_H

// What Swift's Glibc module does not show: Linux calls behind _GNU_SOURCE and function macros.
// Every function keeps the convention of the call it wraps: -1 and errno on failure.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "csystem_network.h"

// Descriptors.
int csystem_pipe(int ends[2]);
int csystem_open(const char *path, int flags, mode_t mode);
// A second number for the same open file, close-on-exec.
int csystem_duplicate(int descriptor);
int csystem_set_nonblocking(int descriptor, bool enabled);
int csystem_fallocate(int descriptor, off_t offset, off_t length);
void csystem_begin_write_out(int descriptor);
int csystem_flock_exclusive_nonblocking(int descriptor);
int csystem_exchange_names(const char *path, const char *other);
int csystem_create_semaphore(const char *name);
int csystem_eventfd(void);
int csystem_timerfd(void);
// Readable once from this moment (above 0) of CLOCK_MONOTONIC on.
int csystem_timerfd_set(int descriptor, int64_t nanoseconds);

// A descriptor that has a name of the machine; EADDRINUSE when another has it.
int csystem_take_name(const char *name);

// Sockets. An address is 4 or 16 bytes in network order; the port is in host order.
int csystem_tcp_socket(bool ipv6);
int csystem_bind_listen(int descriptor, const uint8_t *address, bool ipv6, uint16_t port,
                        int backlog);
// Connections of a listener are ready to be accepted when they have sent something, or after
// about so many seconds of silence.
int csystem_defer_accept(int descriptor, int seconds);
int csystem_connect(int descriptor, const uint8_t *address, bool ipv6, uint16_t port);
int csystem_accept(int listener);
// Stream sockets with a name in a folder, non-blocking; connecting waits for nobody.
int csystem_unix_connect(const char *path);
int csystem_unix_listen(const char *path, int backlog);
int csystem_local_port(int descriptor);
int csystem_socket_error(int descriptor);
// Whether both ends of a connection are the same socket.
bool csystem_is_connected_to_itself(int descriptor);
int csystem_set_nodelay(int descriptor);
int csystem_acknowledge_now(int descriptor);
int csystem_set_reset_on_close(int descriptor);
int csystem_set_buffer_sizes(int descriptor, int send_bytes, int receive_bytes);
// With `more_follows` the system may keep the bytes until the next call for this direction.
ssize_t csystem_send(int descriptor, const void *bytes, size_t count, bool more_follows);
int csystem_shutdown_writing(int descriptor);
// A pair of connected stream sockets, non-blocking.
int csystem_stream_pair(int ends[2]);
int csystem_parse_ipv4(const char *text, uint8_t address[4]);
int csystem_parse_ipv6(const char *text, uint8_t address[16]);

// epoll with a 64-bit token per descriptor.
enum {
    csystem_readable = 1,
    csystem_writable = 2,
    csystem_hangup = 4,
    csystem_once = 8,
};
struct csystem_ready {
    uint64_t token;
    uint32_t interest;
};
int csystem_epoll_create(void);
int csystem_epoll_add(int epoll, int descriptor, uint64_t token, uint32_t interest);
int csystem_epoll_modify(int epoll, int descriptor, uint64_t token, uint32_t interest);
int csystem_epoll_remove(int epoll, int descriptor);
int csystem_epoll_wait(int epoll, struct csystem_ready *ready, int capacity,
                       int timeout_milliseconds);
int csystem_poll_one(int descriptor, uint32_t interest, int timeout_milliseconds);

// Signals.
int csystem_block_signals(const int *signals, int count);
int csystem_signalfd(const int *signals, int count);
int csystem_read_signal(int descriptor);
int csystem_ignore_sigpipe(void);
// Without SIG; NULL for a number that is none.
const char *csystem_signal_name(int number);

// Processes.
struct csystem_child_files {
    int standard_input;
    int standard_output;
    int standard_error;
};
int csystem_spawn(pid_t *child, const char *path, char *const arguments[],
                  char *const environment[], struct csystem_child_files files,
                  const char *folder);
// As csystem_spawn, and the child is killed when the calling thread ends, for whatever reason.
int csystem_spawn_bound(pid_t *child, const char *path, char *const arguments[],
                        char *const environment[], struct csystem_child_files files,
                        const char *folder);
int csystem_pidfd_open(pid_t process);
bool csystem_exited(int status);
int csystem_exit_code(int status);
bool csystem_signaled(int status);
int csystem_signal_number(int status);

// The kernel's random numbers. Adding replaces the state that they come from at once (root).
ssize_t csystem_random(void *bytes, size_t count);
int csystem_add_randomness(const void *bytes, size_t count);

// Threads. Unlike the rest these return the error number, 0 on success.
int csystem_start_thread(const char *name, size_t stack_bytes, void *(*body)(void *),
                         void *context, uintptr_t *handle);
void csystem_join_thread(uintptr_t handle);
void csystem_detach_thread(uintptr_t handle);

// The environment, as the process got it.
char *const *csystem_environment(void);

#endif
