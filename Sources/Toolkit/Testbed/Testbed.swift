public import ClusterProtocol
public import LeaseKernel
public import SystemCalls

/// Where a cluster of three replicas runs, and what can be done to it there.
///
/// One control thread calls what changes something; `probe` may be called from any thread. What is
/// done to a replica on purpose is expected; a daemon that ends otherwise is reported once by
/// `takeUnexpectedExits`, as evidence against it and not as a failure of the testbed.
public protocol Testbed: AnyObject, Sendable {
    /// For records and reports, for example `local`.
    var name: String { get }
    var layout: ClusterLayout { get }
    /// The kinds of faults that this testbed can inject and undo.
    var capabilities: Set<TestbedCapability> { get }

    /// Brings the cluster up, every replica answering.
    func start() throws(TestbedError)
    /// Kills the daemon at once. Killing one that is down already changes nothing.
    func crash(_ replica: ReplicaID) throws(TestbedError)
    /// Starts a daemon that is down and waits until it answers. One that runs is left alone.
    func restart(_ replica: ReplicaID) throws(TestbedError)
    /// Cuts the replica's client and protocol ports off; the control port stays reachable.
    func isolate(_ replica: ReplicaID) throws(TestbedError)
    func heal(_ replica: ReplicaID) throws(TestbedError)

    func isRunning(_ replica: ReplicaID) -> Bool
    func isIsolated(_ replica: ReplicaID) -> Bool
    func probe(_ replica: ReplicaID) -> Probe
    func takeUnexpectedExits() -> [UnexpectedExit]

    /// Ends every daemon, politely if it listens. Never fails: what cannot be ended politely is
    /// killed.
    func stop()
    /// Files worth keeping: daemon logs, layout, fault file. Call it before `discard`.
    func evidence() -> [EvidenceFile]
    /// Removes what `start` made, after `stop`.
    func discard()
}

/// What a testbed can do to its cluster.
public enum TestbedCapability: String, Sendable, CaseIterable {
    case crash
    case isolate
    /// The replicas' folders can be rewritten while their daemons are down.
    case offlineSurgery
}

/// A file to copy into the bundle.
public struct EvidenceFile: Hashable, Sendable {
    public let path: String
    /// Its name in the bundle.
    public let name: String

    public init(path: String, name: String) {
        self.path = path
        self.name = name
    }
}

/// A daemon that ended although nobody asked it to.
public struct UnexpectedExit: Hashable, Sendable {
    public let replica: ReplicaID
    public let status: ExitStatus
    /// The end of its log.
    public let lastLogLines: [String]
    public let noticedAt: Instant

    public init(
        replica: ReplicaID, status: ExitStatus, lastLogLines: [String], noticedAt: Instant
    ) {
        self.replica = replica
        self.status = status
        self.lastLogLines = lastLogLines
        self.noticedAt = noticedAt
    }
}

/// What a replica said when it was asked how it is.
public enum Probe: Hashable, Sendable {
    case up(StatusReply)
    case down(String)

    public var status: StatusReply? {
        switch self {
        case .up(let status): status
        case .down: nil
        }
    }

    /// The replica answers and has passed its start-up checks.
    public var active: StatusReply? {
        guard let status, status.state == .active else { return nil }
        return status
    }

    public var role: ReplicaRole? { status?.replica.role }

    /// One replica's part of the summary in errors (validation.md 8.2).
    public func summary(of replica: ReplicaID) -> String {
        switch self {
        case .down(let error): return "\(replica):down(\(Self.firstLine(error)))"
        case .up(let status):
            switch status.state {
            case .faulted:
                return "\(replica):faulted(\(Self.firstLine(status.faultReason ?? "")))"
            case .active:
                return "\(replica):\(Self.label(status.replica.role))@view\(status.currentView)"
            }
        }
    }

    /// The short words of dashboards and errors.
    public static func label(_ role: ReplicaRole) -> String {
        switch role {
        case .primary: "primary"
        case .backup: "backup"
        case .viewUncertain: "uncertain"
        case .recovering: "recover"
        case .faulted: "faulted"
        }
    }

    private static func firstLine(_ text: String) -> Substring {
        text.split(separator: "\n", omittingEmptySubsequences: false).first ?? ""
    }
}

/// Why the testbed could not do what it was asked. It says nothing about the daemon's promises,
/// except `didNotStart` and `endedWhileStarting`, which carry what the daemon left.
public enum TestbedError: Error, Equatable, Sendable, CustomStringConvertible {
    case system(during: String, SystemError)
    case layout(String)
    case endedWhileStarting(ReplicaID, ExitStatus, lastLogLines: [String])
    case didNotAnswer(ReplicaID, within: Duration, lastProbe: String)
    /// The cluster as a whole did not come to what was waited for.
    case didNotConverge(testbed: String, awaited: String, within: Duration, lastProbe: String)
    case unknownReplica(ReplicaID)
    case interrupted(during: String)

    public var description: String {
        switch self {
        case .system(let step, let error): "\(step): \(error)"
        case .layout(let text): "the layout cannot be used: \(text)"
        case .endedWhileStarting(let replica, let status, let lines):
            "replica \(replica) ended while it was starting (\(status)); its last words: "
                + (lines.last ?? "none")
        case .didNotAnswer(let replica, let limit, let probe):
            "replica \(replica) did not answer within \(limit); last probe: \(probe)"
        case .didNotConverge(let testbed, let awaited, let limit, let probe):
            "\(testbed) cluster did not reach \(awaited) within \(limit); last_probe=\(probe)"
        case .unknownReplica(let replica): "replica \(replica) is not in the layout"
        case .interrupted(let step): "interrupted while \(step)"
        }
    }
}
