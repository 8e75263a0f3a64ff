/// The three listeners of a replica.
public enum Port: String, CaseIterable, Hashable, Sendable {
    case control
    case client
    case `protocol`
}

/// What one port grants every connection (cluster-runner.md 11, wire-api.md 7.2). Beyond the
/// reference's limits, each wait has an end and each buffer a bound: a peer that is silent,
/// slow or hostile costs one slot for a while and nothing else.
public struct PortLimits: Sendable {
    /// Largest request.
    public var requestBytes: Int
    /// Longest pause between two bytes of a request; restarts with each byte.
    public var idleWhileReading: Duration
    /// Longest time for the whole request.
    public var wholeRequest: Duration
    /// Longest wait for the replica's own answer; afterwards the connection ends without one.
    public var answer: Duration
    /// Longest pause in which the peer takes nothing of the answer.
    public var idleWhileWriting: Duration
    /// How long bytes that nobody reads are thrown away before the connection ends, so that the
    /// end is no reset that could overtake the answer.
    public var lingering: Duration
    /// Connections at a time.
    public var connections: Int

    public static func standard(for port: Port) -> PortLimits {
        switch port {
        case .control:
            PortLimits(
                requestBytes: 4096, idleWhileReading: .seconds(5), wholeRequest: .seconds(10),
                answer: .seconds(30), idleWhileWriting: .seconds(5),
                lingering: .milliseconds(500), connections: 64)
        case .client:
            PortLimits(
                requestBytes: 1_048_576, idleWhileReading: .milliseconds(500),
                wholeRequest: .seconds(60), answer: .seconds(30),
                idleWhileWriting: .seconds(5), lingering: .milliseconds(500), connections: 512)
        case .protocol:
            PortLimits(
                requestBytes: 1_048_576, idleWhileReading: .milliseconds(500),
                wholeRequest: .seconds(60), answer: .seconds(30),
                idleWhileWriting: .seconds(5), lingering: .milliseconds(500), connections: 64)
        }
    }
}
