import Glibc

/// Counts permits. Waiting blocks the thread: for threads of our own, never inside a Swift task.
public final class Semaphore: Sendable {
    // The system call's own memory, at one address from init to deinit; made for many threads.
    private nonisolated(unsafe) let permits: UnsafeMutablePointer<sem_t>

    public init(permits count: UInt32 = 0) {
        permits = .allocate(capacity: 1)
        // Fails only for more than SEM_VALUE_MAX permits, which is above two thousand million.
        _ = sem_init(permits, 0, min(count, 1 << 30))
    }

    deinit {
        sem_destroy(permits)
        permits.deallocate()
    }

    /// Adds a permit and wakes one that waits.
    public func signal() { _ = sem_post(permits) }

    /// Takes a permit, waiting for one if there is none.
    public func wait() {
        while sem_wait(permits) != 0, errno == EINTR {}
    }
}
