import CSystem
import Synchronization

/// A thread of its own for work that blocks; Swift tasks must never block.
public final class WorkerThread: Sendable {
    private final class Start: Sendable {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }

    private let handle: Mutex<UInt?>

    /// Starts `body` at once. `name` (15 bytes at most are kept) shows in tools such as `top -H`.
    public init(
        name: String, stackBytes: Int = 512 << 10, _ body: @escaping @Sendable () -> Void
    ) throws(SystemError) {
        let start = Unmanaged.passRetained(Start(body))
        var created: UInt = 0
        let shownName = String(decoding: name.utf8.prefix(15), as: UTF8.self)
        let code = csystem_start_thread(
            shownName, stackBytes, runThread, start.toOpaque(), &created)
        guard code == 0 else {
            start.release()
            throw SystemError(call: "pthread_create", code: code, subject: name)
        }
        handle = Mutex(created)
    }

    /// Waits for the end of the body. Later calls return at once.
    public func join() {
        let taken = handle.withLock { handle in
            defer { handle = nil }
            return handle
        }
        if let taken { csystem_join_thread(taken) }
    }

    deinit {
        let left = handle.withLock { $0 }
        if let left { csystem_detach_thread(left) }
    }

    fileprivate static func run(_ pointer: UnsafeMutableRawPointer) {
        Unmanaged<Start>.fromOpaque(pointer).takeRetainedValue().body()
    }
}

/// A file-scope function, so that it carries no actor isolation into the new thread.
private func runThread(_ pointer: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    if let pointer { WorkerThread.run(pointer) }
    return nil
}
