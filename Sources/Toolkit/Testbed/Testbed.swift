public import ClusterProtocol
public import FaultyDisk
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
    /// The network between the machines, where packets can be disturbed; nil where they cannot.
    var packets: PacketNetwork? { get }
    /// The network from which clients speak to the replicas.
    var clientPlace: NetworkPlace { get }
    /// The network from which this tool speaks to a replica's control port; no packet fault
    /// reaches it there.
    func controlPlace(of replica: ReplicaID) -> NetworkPlace
    /// Nil without the capability `disk`.
    var disks: (any ReplicaDisks)? { get }
    /// Nil without the capability `clock`.
    var clocks: (any ReplicaClocks)? { get }
    /// Nil where the replicas' folders lie on this machine, at the layout's paths.
    var distantFolders: (any DistantFolders)? { get }
    /// Replicas that may refuse to serve or end by themselves for now.
    var excused: ExcusedReplicas { get }

    /// Brings the cluster up, every replica answering.
    func start() throws(TestbedError)
    /// Kills the daemon at once. Killing one that is down already changes nothing.
    func crash(_ replica: ReplicaID) throws(TestbedError)
    /// Starts a daemon that is down and waits until it answers. One that runs is left alone.
    func restart(_ replica: ReplicaID) throws(TestbedError)
    /// Starts a daemon that is down and returns at once: it may die before it answers.
    func launch(_ replica: ReplicaID) throws(TestbedError)
    /// Asks the daemon to end (SIGTERM) and waits until it did; one that does not is killed.
    func terminate(_ replica: ReplicaID) throws(TestbedError)
    /// Stops the daemon's process in its tracks (SIGSTOP). It goes on by itself after `lease`,
    /// also when this tool is dead.
    func pause(_ replica: ReplicaID, lease: Duration) throws(TestbedError)
    /// Lets a paused daemon go on. One that is not paused is left alone.
    func proceed(_ replica: ReplicaID) throws(TestbedError)
    /// Cuts the replica's client and protocol ports off; the control port stays reachable. It
    /// ends by itself after `lease`, also when this tool is dead.
    func isolate(_ replica: ReplicaID, lease: Duration) throws(TestbedError)
    func heal(_ replica: ReplicaID) throws(TestbedError)
    /// Tells the daemon to write a snapshot and waits for its answer; an answer that does not
    /// come, as from a daemon that is killed meanwhile, is an error.
    func checkpoint(_ replica: ReplicaID) throws(TestbedError)

    func isRunning(_ replica: ReplicaID) -> Bool
    /// Whether the system says that the process is stopped.
    func isPaused(_ replica: ReplicaID) -> Bool
    func isIsolated(_ replica: ReplicaID) -> Bool
    /// What the replica's client port says when it is asked nothing.
    func clientPort(_ replica: ReplicaID) -> PortState
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

extension Testbed {
    public var packets: PacketNetwork? { nil }
    public var clientPlace: NetworkPlace { .own }
    public func controlPlace(of replica: ReplicaID) -> NetworkPlace { .own }
    public var disks: (any ReplicaDisks)? { nil }
    public var clocks: (any ReplicaClocks)? { nil }
    public var distantFolders: (any DistantFolders)? { nil }
}

/// What became of an empty request to a port.
public enum PortState: Hashable, Sendable {
    /// It answers like one that serves.
    case serving
    /// It answers that it is cut off.
    case isolated
    /// No answer.
    case silent
}

extension PortState {
    /// Asks a replica's client port nothing.
    package init(asking port: SocketAddress, in place: NetworkPlace) {
        let exchange = OneShotExchange(
            connectLimit: ControlPort.limit, exchangeLimit: ControlPort.limit, in: place)
        guard let reply = try? exchange.perform([], with: port), !reply.isEmpty else {
            self = .silent
            return
        }
        self = TextReply(bytes: reply) == .isolated ? .isolated : .serving
    }
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
    /// A control request was not answered as it should be.
    case controlRequestFailed(String, ReplicaID, answer: String)
    /// What undoes a fault when the tool is dead could not be set up, so nothing was done.
    case noGuard(String)
    /// This machine or this user cannot have such a testbed; nothing was made.
    case refused(testbed: String, reason: String)
    /// The replicas cannot have disks that fail.
    case noDisk(String)
    /// A disk does not do what it was asked.
    case disk(MountedDisk.Failure)
    /// The daemons cannot have clocks that are wrong.
    case noClock(String)
    /// A machine did not do what it was asked, or could not be asked.
    case machine(ReplicaID, during: String, String)
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
        case .controlRequestFailed(let request, let replica, let answer):
            "replica \(replica) did not carry out `\(request)`: \(answer)"
        case .noGuard(let reason): "the guard of faults does not work: \(reason)"
        case .refused(let testbed, let reason): "testbed \(testbed) is not possible here: \(reason)"
        case .noDisk(let reason): "there are no disks that can fail: \(reason)"
        case .disk(let failure): "\(failure)"
        case .noClock(let reason): "there are no clocks that can be set wrong: \(reason)"
        case .machine(let replica, let step, let reason):
            "the machine of replica \(replica), \(step): \(reason)"
        case .interrupted(let step): "interrupted while \(step)"
        }
    }
}
