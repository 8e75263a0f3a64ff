import ClusterHarness
import ClusterProtocol
import LeaseKernel
import Synchronization
import SystemCalls

/// What concurrent clients were promised, and whether a read ever contradicted it.
final class Ledger: Sendable {
    private struct State {
        var positions: [ResourceID: LSN] = [:]
        var acknowledged: [ResourceID] = []
        var reads = 0
        var violations: [String] = []
        var isOver = false
    }

    private let state = Mutex(State())

    var isOver: Bool { state.withLock { $0.isOver } }
    func end() { state.withLock { $0.isOver = true } }

    func acknowledge(_ resource: ResourceID, at lsn: LSN) {
        state.withLock {
            $0.positions[resource] = lsn
            $0.acknowledged.append(resource)
        }
    }

    /// What was acknowledged last, or any other acknowledged resource.
    func pick(newest: Bool) -> ResourceID? {
        state.withLock { newest ? $0.acknowledged.last : $0.acknowledged.randomElement() }
    }

    func noteRead() { state.withLock { $0.reads += 1 } }
    func violated(_ what: String) { state.withLock { $0.violations.append(what) } }

    var acknowledged: [ResourceID] { state.withLock { $0.acknowledged } }
    var readCount: Int { state.withLock { $0.reads } }

    /// Everything that should not have been seen.
    func violations() -> [String] {
        state.withLock { state in
            var found = state.violations
            var owners: [LSN: ResourceID] = [:]
            for (resource, lsn) in state.positions {
                if let other = owners.updateValue(resource, forKey: lsn) {
                    found.append("resources \(other) and \(resource) share position \(lsn)")
                }
            }
            return found
        }
    }
}

/// A client that tries one replica after the other until one serves, as applications do.
struct RovingClient {
    let addresses: [SocketAddress]
    private var current = 0

    private let exchange: OneShotExchange

    /// An impatient client is more often at the door of a sleeping replica when it wakes.
    init(_ cluster: LiveCluster, patience: Duration) throws {
        exchange = OneShotExchange(connectLimit: .milliseconds(500), exchangeLimit: patience)
        addresses = try (1...3).map { try cluster.clientAddress($0) }
    }

    /// The answer of whichever replica gave one; nil when this attempt found nobody.
    mutating func ask(_ request: [UInt8]) -> ClientResponse? {
        if let bytes = try? exchange.perform(request, with: addresses[current]),
            case .response(let response) = ClientReply(bytes: bytes)
        {
            return response
        }
        current = (current + 1) % addresses.count
        sleepThread(for: .milliseconds(5))
        return nil
    }

    /// Creates resource after resource until the ledger is closed, repeating each submit
    /// byte for byte until it is committed.
    mutating func write(numbered writer: UInt128, into ledger: Ledger) {
        var count: UInt128 = 0
        while !ledger.isOver {
            count += 1
            let resource = ResourceID(writer << 64 | count)
            let payload = CommandCodec.encode(
                ClientCommand(
                    operationID: OperationID(resource.rawValue),
                    clientID: ClientID(writer), command: .createResource(resource)))
            guard let bytes = try? ClientRequest.submit(slot: Slot(1), payload: payload).encoded()
            else { return ledger.violated("a submit could not be encoded") }
            var isDone = false
            while !isDone, !ledger.isOver {
                switch ask(bytes) {
                case .committed(let committed):
                    if committed.outcome.code != .ok {
                        ledger.violated("creating \(resource) answered \(committed)")
                    }
                    ledger.acknowledge(resource, at: committed.appliedLSN)
                    isDone = true
                case .submitRejected(let rejection):
                    if rejection.category == .definiteFailure {
                        ledger.violated("creating \(resource) was refused: \(rejection)")
                        isDone = true
                    }
                case nil: break
                case let other?:
                    ledger.violated("creating \(resource) answered \(other)")
                    isDone = true
                }
            }
        }
    }

    /// Reads what was acknowledged before the read began: it must be there.
    mutating func read(from ledger: Ledger) {
        while !ledger.isOver {
            guard let resource = ledger.pick(newest: Bool.random()),
                let bytes = try? ClientRequest.getResource(resource, requiredLSN: nil).encoded()
            else {
                sleepThread(for: .milliseconds(5))
                continue
            }
            switch ask(bytes) {
            case .resource: ledger.noteRead()
            case .resourceNotFound:
                ledger.violated("a read missed resource \(resource), which was acknowledged")
            case nil, .resourceEngineHalted?: break
            case let other?: ledger.violated("a read of \(resource) answered \(other)")
            }
        }
    }
}
