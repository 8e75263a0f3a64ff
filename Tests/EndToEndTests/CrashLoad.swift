import ClusterHarness
import ClusterProtocol
import LeaseKernel
import Synchronization
import SystemCalls

/// Clients that write whenever the test allows it, and what they were promised.
final class CrashLoad: Sendable {
    /// A write that was answered as committed.
    struct Acknowledged: Sendable {
        /// The whole request: sending it again must bring the same answer.
        let request: [UInt8]
        let resource: ResourceID
        let committed: CommittedSubmit
    }

    private struct State {
        var allowance = 0
        var underWay = 0
        var isOver = false
        var acknowledged: [Acknowledged] = []
        var newest: [ResourceID: CommandOutcome] = [:]
        var positions: Set<LSN> = []
        var violations: [String] = []
    }

    private enum Turn {
        case write
        case wait
        case end
    }

    private let state = Mutex(State())

    /// Lets the clients make so many further writes.
    func allow(_ count: Int) { state.withLock { $0.allowance += count } }
    func end() { state.withLock { $0.isOver = true } }
    func violated(_ what: String) { state.withLock { $0.violations.append(what) } }

    var isDrained: Bool { state.withLock { $0.allowance == 0 && $0.underWay == 0 } }
    var acknowledged: [Acknowledged] { state.withLock { $0.acknowledged } }
    var acknowledgedCount: Int { state.withLock { $0.acknowledged.count } }
    var violations: [String] { state.withLock { $0.violations } }
    /// What the last acknowledged write to a resource answered.
    func newest(_ resource: ResourceID) -> CommandOutcome? {
        state.withLock { $0.newest[resource] }
    }

    /// One client: creates a resource, reserves it, creates the next one. Every submit is
    /// repeated byte for byte until it is committed.
    func run(_ client: RovingClient, numbered number: UInt128) {
        var client = client
        var count: UInt128 = 0
        while true {
            switch nextTurn() {
            case .end: return
            case .wait: sleepThread(for: .milliseconds(1))
            case .write:
                write(number << 64 | count, by: number, &client)
                count += 1
            }
        }
    }

    private func nextTurn() -> Turn {
        state.withLock { state in
            if state.isOver { return .end }
            if state.allowance == 0 { return .wait }
            state.allowance -= 1
            state.underWay += 1
            return .write
        }
    }

    private func write(_ operation: UInt128, by number: UInt128, _ client: inout RovingClient) {
        defer { state.withLock { $0.underWay -= 1 } }
        let resource = ResourceID(operation >> 1 | number << 65)
        let command: Command =
            operation & 1 == 0
            ? .createResource(resource)
            : .reserve(resource, holder: HolderID(number), ttlSlots: 200)
        let payload = CommandCodec.encode(
            ClientCommand(
                operationID: OperationID(operation + 1), clientID: ClientID(number),
                command: command))
        guard let request = try? ClientRequest.submit(slot: Slot(1), payload: payload).encoded()
        else { return violated("a submit could not be encoded") }
        while !state.withLock({ $0.isOver }) {
            switch client.ask(request) {
            case .committed(let committed):
                return acknowledge(
                    Acknowledged(request: request, resource: resource, committed: committed))
            case .submitRejected(let rejection) where rejection.category == .indefinite:
                sleepThread(for: .milliseconds(5))
            case nil: break
            case let other?: return violated("\(command) answered \(other)")
            }
        }
    }

    private func acknowledge(_ write: Acknowledged) {
        state.withLock { state in
            if write.committed.outcome.code != .ok {
                state.violations.append("\(write.resource) answered \(write.committed)")
            }
            if !state.positions.insert(write.committed.appliedLSN).inserted {
                state.violations.append("two writes at \(write.committed.appliedLSN)")
            }
            state.acknowledged.append(write)
            state.newest[write.resource] = write.committed.outcome
        }
    }
}
