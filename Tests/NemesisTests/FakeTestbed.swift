import ClusterProtocol
import LeaseKernel
import Synchronization
import SystemCalls
import Testbed

/// A cluster of the mind: remembers what was done to it and answers at once.
final class FakeTestbed: Testbed {
    struct State {
        var running: Set<ReplicaID> = []
        var primary = ReplicaID(1)
        var isolated: Set<ReplicaID> = []
        var paused: Set<ReplicaID> = []
        var deeds: [String] = []
        var failing: Set<String> = []
    }

    let name = "fake"
    let layout: ClusterLayout
    let capabilities = TestbedKind.local.capabilities
    let excused = ExcusedReplicas()
    let state = Mutex(State())

    init() {
        func addresses(_ port: UInt16) -> ReplicaAddresses {
            ReplicaAddresses(
                control: .loopback(port: port), client: .loopback(port: port + 1),
                protocol: .loopback(port: port + 2))
        }
        layout = ClusterLayout(
            workspaceRoot: "/nowhere", addresses: (addresses(10), addresses(20), addresses(30)))
        state.withLock { $0.running = Set(layout.replicas.map(\.id)) }
    }

    var deeds: [String] { state.withLock { $0.deeds } }

    private func deed(_ text: String, _ body: (inout State) -> Void) throws(TestbedError) {
        let isFailing = state.withLock { state in
            state.deeds.append(text)
            if state.failing.contains(text) { return true }
            body(&state)
            return false
        }
        if isFailing { throw .layout("told to fail: \(text)") }
    }

    func start() {}
    func crash(_ replica: ReplicaID) throws(TestbedError) {
        try deed("crash \(replica)") { $0.running.remove(replica) }
    }
    func restart(_ replica: ReplicaID) throws(TestbedError) {
        try deed("restart \(replica)") { $0.running.insert(replica) }
    }
    func launch(_ replica: ReplicaID) throws(TestbedError) {
        try deed("launch \(replica)") { $0.running.insert(replica) }
    }
    func terminate(_ replica: ReplicaID) throws(TestbedError) {
        try deed("terminate \(replica)") { $0.running.remove(replica) }
    }
    func pause(_ replica: ReplicaID, lease: Duration) throws(TestbedError) {
        try deed("pause \(replica)") { $0.paused.insert(replica) }
    }
    func proceed(_ replica: ReplicaID) throws(TestbedError) {
        try deed("proceed \(replica)") { $0.paused.remove(replica) }
    }
    func checkpoint(_ replica: ReplicaID) throws(TestbedError) {
        try deed("checkpoint \(replica)") { _ in }
    }
    func isPaused(_ replica: ReplicaID) -> Bool {
        state.withLock { $0.paused.contains(replica) }
    }
    func clientPort(_ replica: ReplicaID) -> PortState {
        isRunning(replica) ? (isIsolated(replica) ? .isolated : .serving) : .silent
    }
    func isolate(_ replica: ReplicaID, lease: Duration) throws(TestbedError) {
        try deed("isolate \(replica)") { $0.isolated.insert(replica) }
    }
    func heal(_ replica: ReplicaID) throws(TestbedError) {
        try deed("heal \(replica)") { $0.isolated.remove(replica) }
    }
    func isRunning(_ replica: ReplicaID) -> Bool {
        state.withLock { $0.running.contains(replica) }
    }
    func isIsolated(_ replica: ReplicaID) -> Bool {
        state.withLock { $0.isolated.contains(replica) }
    }
    func probe(_ replica: ReplicaID) -> Probe {
        guard isRunning(replica), !isPaused(replica), var place = layout.replica(replica) else {
            return .down("down")
        }
        place.role = state.withLock { $0.primary } == replica ? .primary : .backup
        return .up(
            StatusReply(
                processID: 1, replica: place, state: .active, currentView: View(1),
                commitLSN: nil, activeSnapshotLSN: nil, acceptingWrites: true, startupKind: nil,
                loadedSnapshotLSN: nil, replayedWALFrameCount: nil, replayedWALLastLSN: nil,
                faultReason: nil))
    }
    func takeUnexpectedExits() -> [UnexpectedExit] { [] }
    func stop() {}
    func evidence() -> [EvidenceFile] { [] }
    func discard() {}
}
