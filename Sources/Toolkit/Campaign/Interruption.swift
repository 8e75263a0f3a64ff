import Synchronization

/// The wish to end a run early, raised by one thread (a signal's) and read by those that work.
/// It is never taken back.
public final class Interruption: Sendable {
    private let requested = Atomic<Bool>(false)

    public init() {}

    public func request() { requested.store(true, ordering: .releasing) }

    public var isRequested: Bool { requested.load(ordering: .acquiring) }
}
