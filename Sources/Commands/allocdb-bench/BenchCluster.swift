import ClusterProtocol
import ClusterRunner
import LeaseKernel
import Synchronization
import SystemCalls

/// A running cluster of three replicas, and the loads that are put on it.
struct BenchCluster {
    struct Load {
        let latency: Latencies
    }

    /// Makes the workspace, with a retry table that holds every command of the benchmark: all
    /// carry one slot, so that none of the many under way is behind another.
    static func prepare(workspace path: String) throws {
        let workspace = try ClusterWorkspace(creating: path)
        var layout = workspace.layout
        layout.kernel.maxOperations = 1 << 22
        try ClusterWorkspace.write(layout, to: workspace.layoutPath)
    }

    private let workspace: ClusterWorkspace
    private let primary: SocketAddress
    private let nextOperation = SharedCounter()
    private static let resourceCount = 64

    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    init(workspace path: String) throws {
        workspace = try ClusterWorkspace(existing: path)
        guard let first = workspace.layout.replicas.first,
            let address = SocketAddress("\(first.addresses.client)")
        else { throw Failure(description: "the layout names no usable address") }
        primary = address
    }

    func createResources() throws {
        for resource in 1...Self.resourceCount {
            _ = try submit(.createResource(ResourceID(UInt128(resource))))
        }
    }

    /// Reserves of a few resources: every command is logged and synced on a majority, whatever
    /// its answer, and nothing but the retry table fills up.
    func submitLoad(clients: Int, seconds: Int) throws -> Load {
        Load(latency: try repeatedly(clients: clients, seconds: seconds) { try submitOne() })
    }

    func readLoad(clients: Int, seconds: Int, writers: Int) throws -> Load {
        let readers = Mutex<Result<Latencies, any Error>?>(nil)
        let reading = try WorkerThread(name: "readers") {
            let result = Result {
                try repeatedly(clients: clients, seconds: seconds) { try readOne() }
            }
            readers.withLock { $0 = result }
        }
        if writers > 0 {
            _ = try repeatedly(clients: writers, seconds: seconds) { try submitOne() }
        }
        reading.join()
        guard let result = readers.withLock({ $0 }) else {
            throw Failure(description: "the readers left no result")
        }
        return Load(latency: try result.get())
    }

    /// How often the primary has synced its journal since it started.
    func journalSyncs() throws -> Int {
        let replica = try workspace.replica(ReplicaID(1))
        let facts = try ControlClient(replica.addresses.control).fields(for: .explain)
        guard let text = facts.first(where: { $0.key == "journal_syncs" })?.value,
            let count = Int(text)
        else { throw Failure(description: "the replica does not tell its journal_syncs") }
        return count
    }

    func idle(seconds: Int) throws -> (cpuPercent: Double, residentMegabytes: Double) {
        let processes = try workspace.layout.replicas.map {
            try ProcessFacts(processID: ControlClient($0.addresses.control).status().processID)
        }
        let before = try processes.map { try $0.cpuTicks() }.reduce(0, +)
        let start = Instant.now
        sleepThread(for: .seconds(seconds))
        let used = try processes.map { try $0.cpuTicks() }.reduce(0, +) - before
        let elapsed = Double((Instant.now - start).wholeNanoseconds) / 1e9
        let memory = try processes.map { try $0.residentBytes() }.max() ?? 0
        return (Double(used) / elapsed, Double(memory) / 1e6)
    }

    // MARK: - One request

    private func submitOne() throws {
        let number = nextOperation.next()
        let resource = ResourceID(UInt128(1 + number % UInt64(Self.resourceCount)))
        _ = try submit(.reserve(resource, holder: HolderID(UInt128(number)), ttlSlots: 200))
    }

    private func submit(_ command: Command) throws -> ClientResponse {
        let payload = CommandCodec.encode(
            ClientCommand(
                operationID: OperationID(UInt128(nextOperation.next())), clientID: ClientID(1),
                command: command))
        let response = try ask(.submit(slot: Slot(1), payload: payload))
        guard case .committed = response else {
            throw Failure(description: "a submit was answered \(response)")
        }
        return response
    }

    private func readOne() throws {
        let response = try ask(.getResource(ResourceID(1), requiredLSN: nil))
        guard case .resource = response else {
            throw Failure(description: "a read was answered \(response)")
        }
    }

    private func ask(_ request: ClientRequest) throws -> ClientResponse {
        let exchange = OneShotExchange(connectLimit: .seconds(5), exchangeLimit: .seconds(10))
        let reply = try exchange.perform(try request.encoded(), with: primary)
        return try ClientResponse(decoding: reply)
    }

    // MARK: - Many requests

    private func repeatedly(
        clients: Int, seconds: Int, _ request: @escaping @Sendable () throws -> Void
    ) throws -> Latencies {
        let end = Deadline.after(.seconds(seconds))
        let collected = Mutex<(times: [Int64], failure: (any Error)?)>(([], nil))
        let threads = try (0..<clients).map { number in
            try WorkerThread(name: "client-\(number)") {
                var times: [Int64] = []
                do {
                    while !end.isPassed {
                        let start = Instant.now
                        try request()
                        times.append((Instant.now - start).wholeNanoseconds)
                    }
                } catch {
                    collected.withLock { $0.failure = $0.failure ?? error }
                }
                collected.withLock { $0.times += times }
            }
        }
        for thread in threads { thread.join() }
        let result = collected.withLock { $0 }
        if let failure = result.failure { throw failure }
        return Latencies(nanoseconds: result.times)
    }
}

/// Numbers for operations, one for each, from several threads.
final class SharedCounter: Sendable {
    private let value = Atomic<UInt64>(1)

    func next() -> UInt64 { value.wrappingAdd(1, ordering: .relaxed).oldValue }
}
