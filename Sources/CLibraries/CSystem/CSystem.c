#define _GNU_SOURCE
#include "CSystem.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/random.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <spawn.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

int csystem_pipe(int ends[2]) { return pipe2(ends, O_CLOEXEC); }

int csystem_open(const char *path, int flags, mode_t mode) {
    return open(path, flags | O_CLOEXEC, mode);
}

int csystem_duplicate(int descriptor) { return fcntl(descriptor, F_DUPFD_CLOEXEC, 3); }

int csystem_set_nonblocking(int descriptor, bool enabled) {
    int flags = fcntl(descriptor, F_GETFL);
    if (flags < 0) return -1;
    return fcntl(descriptor, F_SETFL, enabled ? flags | O_NONBLOCK : flags & ~O_NONBLOCK);
}

int csystem_fallocate(int descriptor, off_t offset, off_t length) {
    return fallocate(descriptor, 0, offset, length);
}

void csystem_begin_write_out(int descriptor) {
    // Neither waits nor takes note of errors: both are left to the sync.
    (void)sync_file_range(descriptor, 0, 0, SYNC_FILE_RANGE_WRITE);
}

int csystem_flock_exclusive_nonblocking(int descriptor) {
    return flock(descriptor, LOCK_EX | LOCK_NB);
}

int csystem_exchange_names(const char *path, const char *other) {
    return renameat2(AT_FDCWD, path, AT_FDCWD, other, RENAME_EXCHANGE);
}

int csystem_create_semaphore(const char *name) {
    sem_t *semaphore = sem_open(name, O_CREAT | O_EXCL, 0600, 1);
    return semaphore == SEM_FAILED ? -1 : sem_close(semaphore);
}

int csystem_eventfd(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }

static struct timespec timespec_of(int64_t nanoseconds) {
    return (struct timespec){.tv_sec = nanoseconds / 1000000000,
                             .tv_nsec = nanoseconds % 1000000000};
}

int csystem_timerfd(void) {
    return timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
}

int csystem_timerfd_set(int descriptor, int64_t nanoseconds) {
    struct itimerspec timing = {.it_value = timespec_of(nanoseconds)};
    return timerfd_settime(descriptor, TFD_TIMER_ABSTIME, &timing, NULL);
}

// Closes after a failed call, whose error stays.
static int closed_after_failure(int descriptor) {
    int error = errno;
    close(descriptor);
    errno = error;
    return -1;
}

int csystem_take_name(const char *name) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t length = strlen(name);
    if (length + 1 > sizeof address.sun_path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    // A name that begins with a zero byte stands in no folder.
    memcpy(address.sun_path + 1, name, length);
    int descriptor = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (descriptor < 0) return -1;
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + length);
    if (bind(descriptor, (struct sockaddr *)&address, size) < 0)
        return closed_after_failure(descriptor);
    return descriptor;
}

// A stream socket, and the address of a path; -1 when the path is too long for one.
static int unix_socket(const char *path, struct sockaddr_un *address) {
    memset(address, 0, sizeof *address);
    address->sun_family = AF_UNIX;
    if (strlen(path) >= sizeof address->sun_path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    strcpy(address->sun_path, path);
    return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

int csystem_unix_connect(const char *path) {
    struct sockaddr_un address;
    int descriptor = unix_socket(path, &address);
    if (descriptor < 0) return -1;
    if (connect(descriptor, (struct sockaddr *)&address, sizeof address) < 0)
        return closed_after_failure(descriptor);
    return descriptor;
}

int csystem_unix_listen(const char *path, int backlog) {
    struct sockaddr_un address;
    int descriptor = unix_socket(path, &address);
    if (descriptor < 0) return -1;
    if (bind(descriptor, (struct sockaddr *)&address, sizeof address) < 0 ||
        listen(descriptor, backlog) < 0)
        return closed_after_failure(descriptor);
    return descriptor;
}

// Fills `storage` and gives the length the socket calls want.
static socklen_t fill_address(struct sockaddr_storage *storage, const uint8_t *address, bool ipv6,
                              uint16_t port) {
    memset(storage, 0, sizeof *storage);
    if (ipv6) {
        struct sockaddr_in6 *target = (struct sockaddr_in6 *)storage;
        target->sin6_family = AF_INET6;
        target->sin6_port = htons(port);
        memcpy(&target->sin6_addr, address, 16);
        return sizeof *target;
    }
    struct sockaddr_in *target = (struct sockaddr_in *)storage;
    target->sin_family = AF_INET;
    target->sin_port = htons(port);
    memcpy(&target->sin_addr, address, 4);
    return sizeof *target;
}

int csystem_tcp_socket(bool ipv6) {
    return socket(ipv6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

int csystem_bind_listen(int descriptor, const uint8_t *address, bool ipv6, uint16_t port,
                        int backlog) {
    int on = 1;
    if (setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0) return -1;
    struct sockaddr_storage storage;
    socklen_t length = fill_address(&storage, address, ipv6, port);
    if (bind(descriptor, (struct sockaddr *)&storage, length) < 0) return -1;
    return listen(descriptor, backlog);
}

int csystem_defer_accept(int descriptor, int seconds) {
    return setsockopt(descriptor, IPPROTO_TCP, TCP_DEFER_ACCEPT, &seconds, sizeof seconds);
}

int csystem_connect(int descriptor, const uint8_t *address, bool ipv6, uint16_t port) {
    struct sockaddr_storage storage;
    socklen_t length = fill_address(&storage, address, ipv6, port);
    return connect(descriptor, (struct sockaddr *)&storage, length);
}

int csystem_accept(int listener) {
    return accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
}

int csystem_local_port(int descriptor) {
    struct sockaddr_storage storage;
    socklen_t length = sizeof storage;
    if (getsockname(descriptor, (struct sockaddr *)&storage, &length) < 0) return -1;
    if (storage.ss_family == AF_INET6) return ntohs(((struct sockaddr_in6 *)&storage)->sin6_port);
    return ntohs(((struct sockaddr_in *)&storage)->sin_port);
}

int csystem_socket_error(int descriptor) {
    int error = 0;
    socklen_t length = sizeof error;
    if (getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &length) < 0) return -1;
    return error;
}

bool csystem_is_connected_to_itself(int descriptor) {
    struct sockaddr_storage local, remote;
    memset(&local, 0, sizeof local);
    memset(&remote, 0, sizeof remote);
    socklen_t local_length = sizeof local, remote_length = sizeof remote;
    if (getsockname(descriptor, (struct sockaddr *)&local, &local_length) < 0) return false;
    if (getpeername(descriptor, (struct sockaddr *)&remote, &remote_length) < 0) return false;
    // The ends of a socket pair have no names to tell them apart.
    if (local.ss_family == AF_UNIX) return false;
    return local_length == remote_length && memcmp(&local, &remote, local_length) == 0;
}

int csystem_set_nodelay(int descriptor) {
    int on = 1;
    return setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

int csystem_acknowledge_now(int descriptor) {
    int on = 1;
    return setsockopt(descriptor, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on);
}

int csystem_set_reset_on_close(int descriptor) {
    struct linger linger = {.l_onoff = 1, .l_linger = 0};
    return setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
}

int csystem_set_buffer_sizes(int descriptor, int send_bytes, int receive_bytes) {
    if (setsockopt(descriptor, SOL_SOCKET, SO_SNDBUF, &send_bytes, sizeof send_bytes) < 0)
        return -1;
    return setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &receive_bytes, sizeof receive_bytes);
}

ssize_t csystem_send(int descriptor, const void *bytes, size_t count, bool more_follows) {
    return send(descriptor, bytes, count, MSG_NOSIGNAL | (more_follows ? MSG_MORE : 0));
}

int csystem_shutdown_writing(int descriptor) { return shutdown(descriptor, SHUT_WR); }

int csystem_stream_pair(int ends[2]) {
    return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends);
}

int csystem_parse_ipv4(const char *text, uint8_t address[4]) {
    return inet_pton(AF_INET, text, address);
}

int csystem_parse_ipv6(const char *text, uint8_t address[16]) {
    return inet_pton(AF_INET6, text, address);
}

static uint32_t epoll_bits(uint32_t interest) {
    uint32_t bits = 0;
    if (interest & csystem_readable) bits |= EPOLLIN;
    if (interest & csystem_writable) bits |= EPOLLOUT;
    if (interest & csystem_hangup) bits |= EPOLLRDHUP;
    if (interest & csystem_once) bits |= EPOLLONESHOT;
    return bits;
}

int csystem_epoll_create(void) { return epoll_create1(EPOLL_CLOEXEC); }

static int epoll_change(int epoll, int operation, int descriptor, uint64_t token,
                        uint32_t interest) {
    struct epoll_event event = {.events = epoll_bits(interest), .data.u64 = token};
    return epoll_ctl(epoll, operation, descriptor, &event);
}

int csystem_epoll_add(int epoll, int descriptor, uint64_t token, uint32_t interest) {
    return epoll_change(epoll, EPOLL_CTL_ADD, descriptor, token, interest);
}

int csystem_epoll_modify(int epoll, int descriptor, uint64_t token, uint32_t interest) {
    return epoll_change(epoll, EPOLL_CTL_MOD, descriptor, token, interest);
}

int csystem_epoll_remove(int epoll, int descriptor) {
    return epoll_change(epoll, EPOLL_CTL_DEL, descriptor, 0, 0);
}

int csystem_epoll_wait(int epoll, struct csystem_ready *ready, int capacity,
                       int timeout_milliseconds) {
    struct epoll_event events[256];
    if (capacity > 256) capacity = 256;
    int count = epoll_wait(epoll, events, capacity, timeout_milliseconds);
    for (int index = 0; index < count; index++) {
        uint32_t bits = events[index].events, interest = 0;
        // An error or a hang-up is found by reading, so it counts as readable too.
        if (bits & (EPOLLIN | EPOLLERR | EPOLLHUP)) interest |= csystem_readable;
        if (bits & (EPOLLOUT | EPOLLERR | EPOLLHUP)) interest |= csystem_writable;
        if (bits & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) interest |= csystem_hangup;
        ready[index] = (struct csystem_ready){.token = events[index].data.u64,
                                              .interest = interest};
    }
    return count;
}

int csystem_poll_one(int descriptor, uint32_t interest, int timeout_milliseconds) {
    struct pollfd entry = {.fd = descriptor, .events = 0};
    if (interest & csystem_readable) entry.events |= POLLIN;
    if (interest & csystem_writable) entry.events |= POLLOUT;
    return poll(&entry, 1, timeout_milliseconds);
}

static sigset_t set_of(const int *signals, int count) {
    sigset_t set;
    sigemptyset(&set);
    for (int index = 0; index < count; index++) sigaddset(&set, signals[index]);
    return set;
}

int csystem_block_signals(const int *signals, int count) {
    sigset_t set = set_of(signals, count);
    int error = pthread_sigmask(SIG_BLOCK, &set, NULL);
    if (error == 0) return 0;
    errno = error;
    return -1;
}

int csystem_signalfd(const int *signals, int count) {
    sigset_t set = set_of(signals, count);
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

int csystem_read_signal(int descriptor) {
    struct signalfd_siginfo information;
    ssize_t count = read(descriptor, &information, sizeof information);
    return count == sizeof information ? (int)information.ssi_signo : -1;
}

const char *csystem_signal_name(int number) { return sigabbrev_np(number); }

int csystem_ignore_sigpipe(void) { return signal(SIGPIPE, SIG_IGN) == SIG_ERR ? -1 : 0; }

int csystem_spawn(pid_t *child, const char *path, char *const arguments[],
                  char *const environment[], struct csystem_child_files files,
                  const char *folder) {
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int error = posix_spawn_file_actions_init(&actions);
    if (error) goto failed;
    error = posix_spawnattr_init(&attributes);
    if (error) goto failed_with_actions;

    // dup2 onto 0, 1, 2 clears close-on-exec there; everything else is closed in the child.
    int wanted[3] = {files.standard_input, files.standard_output, files.standard_error};
    for (int target = 0; target < 3 && !error; target++) {
        if (wanted[target] >= 0)
            error = posix_spawn_file_actions_adddup2(&actions, wanted[target], target);
        else
            error = posix_spawn_file_actions_addopen(&actions, target, "/dev/null",
                                                     target == 0 ? O_RDONLY : O_WRONLY, 0);
    }
    if (!error) error = posix_spawn_file_actions_addclosefrom_np(&actions, 3);
    if (!error && folder) error = posix_spawn_file_actions_addchdir_np(&actions, folder);

    sigset_t none, defaults;
    sigemptyset(&none);
    sigfillset(&defaults);
    sigdelset(&defaults, SIGKILL);
    sigdelset(&defaults, SIGSTOP);
    if (!error)
        // A session and not just a group: when this process ends, the system would hang up on the
        // stopped members of a group that it leaves behind in its session, and so kill them.
        error = posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID |
                                                          POSIX_SPAWN_SETSIGMASK |
                                                          POSIX_SPAWN_SETSIGDEF);
    if (!error) error = posix_spawnattr_setsigmask(&attributes, &none);
    if (!error) error = posix_spawnattr_setsigdefault(&attributes, &defaults);
    if (!error) error = posix_spawnp(child, path, &actions, &attributes, arguments, environment);

    posix_spawnattr_destroy(&attributes);
failed_with_actions:
    posix_spawn_file_actions_destroy(&actions);
failed:
    if (!error) return 0;
    errno = error;
    return -1;
}

// What the child of csystem_spawn_bound does until it is another program. It shares the memory of
// its parent, whose thread waits meanwhile: only system calls, nothing that takes a lock.
static int become(pid_t parent, const char *path, char *const arguments[],
                  char *const environment[], struct csystem_child_files files,
                  const char *folder) {
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0) return errno;
    // The parent may have died before the line above.
    if (getppid() != parent) return ESRCH;
    struct sigaction standard = {.sa_handler = SIG_DFL};
    for (int number = 1; number < NSIG; number++) sigaction(number, &standard, NULL);
    if (setsid() < 0) return errno;
    // First out of the way of 0, 1 and 2, so that none is overwritten before it is used.
    int wanted[3] = {files.standard_input, files.standard_output, files.standard_error};
    int kept[3];
    for (int target = 0; target < 3; target++) {
        if (wanted[target] >= 0)
            kept[target] = fcntl(wanted[target], F_DUPFD_CLOEXEC, 3);
        else
            kept[target] = open("/dev/null", (target == 0 ? O_RDONLY : O_WRONLY) | O_CLOEXEC);
        if (kept[target] < 0) return errno;
    }
    for (int target = 0; target < 3; target++)
        if (dup2(kept[target], target) < 0) return errno;
    if (syscall(SYS_close_range, 3u, ~0u, CLOSE_RANGE_CLOEXEC) < 0) return errno;
    if (folder && chdir(folder) < 0) return errno;
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    execvpe(path, arguments, environment);
    return errno;
}

int csystem_spawn_bound(pid_t *child, const char *path, char *const arguments[],
                        char *const environment[], struct csystem_child_files files,
                        const char *folder) {
    // Until the child is another program no handler of ours may run in it.
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    volatile int error = 0;
    pid_t parent = getpid();
    pid_t process = vfork();
    if (process == 0) {
        error = become(parent, path, arguments, environment, files, folder);
        _exit(127);
    }
    if (process < 0) error = errno;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (process > 0 && error) waitpid(process, NULL, 0);
    if (!error) {
        *child = process;
        return 0;
    }
    errno = error;
    return -1;
}

int csystem_pidfd_open(pid_t process) { return (int)syscall(SYS_pidfd_open, process, 0); }

bool csystem_exited(int status) { return WIFEXITED(status); }
int csystem_exit_code(int status) { return WEXITSTATUS(status); }
bool csystem_signaled(int status) { return WIFSIGNALED(status); }
int csystem_signal_number(int status) { return WTERMSIG(status); }

char *const *csystem_environment(void) { return environ; }

int csystem_start_thread(const char *name, size_t stack_bytes, void *(*body)(void *),
                         void *context, uintptr_t *handle) {
    pthread_attr_t attributes;
    int error = pthread_attr_init(&attributes);
    if (error) return error;
    pthread_t thread;
    error = pthread_attr_setstacksize(&attributes, stack_bytes);
    if (!error) error = pthread_create(&thread, &attributes, body, context);
    pthread_attr_destroy(&attributes);
    if (error) return error;
    pthread_setname_np(thread, name);
    *handle = thread;
    return 0;
}

void csystem_join_thread(uintptr_t handle) { pthread_join(handle, NULL); }
void csystem_detach_thread(uintptr_t handle) { pthread_detach(handle); }

ssize_t csystem_random(void *bytes, size_t count) { return getrandom(bytes, count, 0); }

int csystem_add_randomness(const void *bytes, size_t count) {
    enum { limit = 512 };
    union {
        struct rand_pool_info info;
        char room[sizeof(struct rand_pool_info) + limit];
    } pool;
    if (count > limit) {
        errno = EINVAL;
        return -1;
    }
    int descriptor = open("/dev/urandom", O_WRONLY | O_CLOEXEC);
    if (descriptor < 0) return -1;
    pool.info.entropy_count = (int)count * 8;
    pool.info.buf_size = (int)count;
    memcpy(pool.info.buf, bytes, count);
    if (ioctl(descriptor, RNDADDENTROPY, &pool.info) < 0 || ioctl(descriptor, RNDRESEEDCRNG) < 0)
        return closed_after_failure(descriptor);
    return close(descriptor);
}
