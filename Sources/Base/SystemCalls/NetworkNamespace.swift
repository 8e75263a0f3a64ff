import CSystem
import Glibc
import Synchronization

/// A network namespace without a name: interfaces, addresses and ports of its own, held by a
/// thread that lives in it.
///
/// Children started through `perform` live in it, and sockets made in it stay in it whoever uses
/// them. It goes away with the last of thread, children, sockets and taps, so nothing of it
/// outlives a killed process whose children die with it.
public final class NetworkNamespace: Sendable {
    private typealias Task = @Sendable () -> Void

    private struct State {
        var tasks: [Task] = []
        /// Open, unconnected, owned by nobody else.
        var sockets: [Int32] = []
        var isEnding = false
    }

    private let shared: Shared
    private let thread: WorkerThread

    private final class Shared: Sendable {
        let state = Mutex(State())
        let wakeUp: WakeUp
        let socketStock: Int

        init(socketStock: Int) throws(SystemError) {
            wakeUp = try WakeUp()
            self.socketStock = socketStock
        }
    }

    /// Makes the namespace, with nothing but loopback in it. `name` names the thread. So many
    /// sockets are kept in stock that connecting rarely waits for the thread.
    public init(name: String, socketStock: Int = 4) throws(SystemError) {
        let shared = try Shared(socketStock: socketStock)
        self.shared = shared
        let ready = OneResult<Void>()
        let signal = try WakeUp()
        thread = try WorkerThread(name: name) {
            let result = Self.enter()
            ready.set(result)
            signal.signal()
            if case .success = result { Self.serve(shared) }
        }
        _ = try signal.descriptor.waitUntilReadable(.after(.seconds(3600)))
        do throws(SystemError) {
            try ready.take()
        } catch {
            thread.join()
            throw error
        }
    }

    private static func enter() -> Result<Void, SystemError> {
        do throws(SystemError) {
            try check("unshare", "network namespace") { csystem_unshare_network() }
            try NetworkInterfaces.setUp("lo")
            return .success(())
        } catch {
            return .failure(error)
        }
    }

    deinit { end() }

    /// Ends the thread and waits for it; children that were started bound to it are killed.
    public func end() {
        shared.state.withLock { $0.isEnding = true }
        shared.wakeUp.signal()
        thread.join()
        shared.state.withLock { state in
            for socket in state.sockets { close(socket) }
            state.sockets = []
            state.tasks = []
        }
    }

    /// Runs `body` on the namespace's thread and waits for it. Never call it from that thread.
    public func perform<Value: Sendable>(
        _ body: @escaping @Sendable () throws(SystemError) -> Value
    ) throws(SystemError) -> Value {
        let result = OneResult<Value>()
        let done = try WakeUp()
        let isEnding = shared.state.withLock { state in
            if !state.isEnding {
                state.tasks.append {
                    do throws(SystemError) {
                        result.set(.success(try body()))
                    } catch {
                        result.set(.failure(error))
                    }
                    done.signal()
                }
            }
            return state.isEnding
        }
        if isEnding { throw Self.ended }
        shared.wakeUp.signal()
        while !(try done.descriptor.waitUntilReadable(.after(.milliseconds(200)))) {
            // A task that was handed over while the thread ended is never run.
            if shared.state.withLock({ $0.isEnding }), !result.isSet { throw Self.ended }
        }
        return try result.take()
    }

    private static var ended: SystemError {
        SystemError(call: "perform", code: ESHUTDOWN, subject: "network namespace")
    }

    /// An unconnected TCP socket of this namespace; the caller owns it.
    func takeSocket() throws(SystemError) -> Int32 {
        let (socket, isLow) = shared.state.withLock { state in
            (state.sockets.popLast(), state.sockets.count <= shared.socketStock / 2)
        }
        if isLow { shared.wakeUp.signal() }
        if let socket { return socket }
        return try perform { () throws(SystemError) in
            try check("socket") { csystem_tcp_socket(false) }
        }
    }

    private static func serve(_ shared: Shared) {
        while true {
            let (tasks, missing, isEnding) = shared.state.withLock { state in
                defer { state.tasks = [] }
                return (state.tasks, shared.socketStock - state.sockets.count, state.isEnding)
            }
            for task in tasks { task() }
            if isEnding { return }
            var made: [Int32] = []
            for _ in 0..<max(0, missing) {
                let socket = csystem_tcp_socket(false)
                // Whoever needs one that could not be made tries again and is told why.
                if socket < 0 { break }
                made.append(socket)
            }
            shared.state.withLock { $0.sockets += made }
            _ = try? shared.wakeUp.descriptor.waitUntilReadable(.after(.seconds(3600)))
            shared.wakeUp.consume()
        }
    }
}

/// Which network a connection is made in.
public enum NetworkPlace: Hashable, Sendable {
    /// The one of this process.
    case own
    case namespace(NetworkNamespace)
    /// That of another machine.
    case elsewhere(StreamNetwork)
}

/// Opens connections as another machine sees the network.
public protocol StreamSource: AnyObject, Sendable {
    /// A connected socket, non-blocking.
    func stream(
        to address: SocketAddress, until deadline: Deadline
    ) throws(SystemError) -> FileDescriptor
}

/// The network of another machine. Two are the same when one object opens their streams.
public struct StreamNetwork: Hashable, Sendable {
    let source: any StreamSource

    public init(_ source: any StreamSource) {
        self.source = source
    }

    public static func == (left: StreamNetwork, right: StreamNetwork) -> Bool {
        left.source === right.source
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(ObjectIdentifier(source))
    }
}

extension NetworkNamespace: Hashable {
    public static func == (left: NetworkNamespace, right: NetworkNamespace) -> Bool {
        left === right
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(ObjectIdentifier(self))
    }
}

/// A user namespace in which a process without privileges may make network namespaces.
public enum UserNamespace {
    /// Moves this process into a user namespace of its own in which it keeps its user and group
    /// and has every privilege over what is made from now on; nothing outside changes. Only a
    /// process with a single thread can do that.
    public static func enter() throws(SystemError) {
        let user = geteuid()
        let group = getegid()
        try check("unshare", "user namespace") { csystem_unshare_user() }
        for (file, text) in [
            ("setgroups", "deny"), ("uid_map", "\(user) \(user) 1"),
            ("gid_map", "\(group) \(group) 1"),
        ] {
            let path = "/proc/self/\(file)"
            let raw = try check("open", path) { csystem_open(path, O_WRONLY, 0) }
            try FileDescriptor(owning: raw, subject: path).writeAll(Array(text.utf8))
        }
    }
}

/// Carries one result from the thread that makes it to the one that waits for it.
private final class OneResult<Value: Sendable>: Sendable {
    private let result = Mutex<Result<Value, SystemError>?>(nil)

    var isSet: Bool { result.withLock { $0 != nil } }

    func set(_ value: Result<Value, SystemError>) { result.withLock { $0 = value } }

    /// Only after it was set.
    func take() throws(SystemError) -> Value {
        guard let result = result.withLock({ $0 }) else {
            throw SystemError(call: "perform", code: ESHUTDOWN, subject: "network namespace")
        }
        return try result.get()
    }
}
