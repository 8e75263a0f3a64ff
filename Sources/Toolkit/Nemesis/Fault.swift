public import LeaseKernel
import SystemCalls
public import Testbed

/// One fault as it is done to a cluster. The nemesis calls `inject`, `verifyActive`, later `undo`
/// and `verifyGone`, in this order on one thread; `undo` alone may also come on the way out of a
/// run, at any moment after the value was made, and more than once.
public protocol Fault: Sendable {
    var scene: FaultScene { get }
    /// The replicas that the record names; those of the target unless a fault says otherwise.
    var affected: [ReplicaID] { get }

    /// Does the harm. Everything it did before an error is thrown, `undo` takes back.
    func inject() throws(FaultFailure)
    /// Sees from outside that the fault is there: what is not seen was not tested.
    func verifyActive() throws(FaultFailure)
    /// Takes the harm back; also when `inject` came only half-way, or never began.
    func undo() throws(FaultFailure)
    /// Sees from outside that nothing of it is left.
    func verifyGone() throws(FaultFailure)
}

extension Fault {
    public var affected: [ReplicaID] { scene.replicas }
}

/// Why a fault could not do its part.
public enum FaultFailure: Error, Sendable, CustomStringConvertible {
    case testbed(TestbedError)
    /// It cannot be done to this cluster now, for the reason given; nothing is active. The run
    /// goes on, and the fault does not count.
    case notApplicable(String)
    /// It was injected but could not be seen.
    case notActive(String)
    /// It was undone but could still be seen.
    case notGone(String)

    public var description: String {
        switch self {
        case .testbed(let error): "\(error)"
        case .notApplicable(let reason): "not possible here: \(reason)"
        case .notActive(let reason): "injected, but not seen to be active: \(reason)"
        case .notGone(let reason): "undone, but not seen to be gone: \(reason)"
        }
    }
}

/// Everything a fault is told about its place in the run.
public struct FaultScene: Sendable {
    public let testbed: any Testbed
    /// Rewrites replicas' folders; nil where nobody can.
    public let surgeon: (any Surgeon)?
    public let roles: Roles
    public let target: FaultTarget
    /// Whom the target means.
    public let replicas: [ReplicaID]
    /// One value for each parameter of the fault's description.
    public let parameters: [String: UInt64]
    /// How long the fault is meant to last.
    public let hold: Duration
    /// All random choices inside the fault follow from it.
    public let seed: UInt64
    public let observer: FaultObserver

    public init(
        testbed: any Testbed, surgeon: (any Surgeon)?, roles: Roles, target: FaultTarget,
        parameters: [String: UInt64] = [:], hold: Duration, seed: UInt64,
        observer: FaultObserver
    ) {
        self.testbed = testbed
        self.surgeon = surgeon
        self.roles = roles
        self.target = target
        replicas = roles.replicas(for: target)
        self.parameters = parameters
        self.hold = hold
        self.seed = seed
        self.observer = observer
    }

    /// How long after injection the fault must end by itself on the target, also when nobody is
    /// left to undo it: far beyond its plan, so that only a dead or stuck tool meets it.
    public var lease: Duration { hold + Self.leaseReserve }

    /// What a fault may outlast its plan before it ends by itself.
    public static let leaseReserve = Duration.seconds(60)

    /// How long an injection or its undoing may take to be seen.
    public static let sightLimit = Duration.seconds(10)

    /// A parameter's value; every schedule was checked to have one for each.
    public func parameter(_ name: String) -> UInt64 { parameters[name] ?? 0 }

    /// Calls the testbed; its errors become the fault's.
    public func act(_ body: () throws(TestbedError) -> Void) throws(FaultFailure) {
        do throws(TestbedError) { try body() } catch { throw .testbed(error) }
    }

    /// Waits until `test` holds; false when `sightLimit` came first.
    public func see(_ test: () -> Bool) -> Bool {
        let deadline = Deadline.after(Self.sightLimit)
        while true {
            if test() { return true }
            if deadline.isPassed { return false }
            sleepThread(for: .milliseconds(20))
        }
    }
}
