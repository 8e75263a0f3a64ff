import History
import Nemesis
import Synchronization
import SystemCalls
import Workload

/// The threads of a run at work: its clients and the nemesis. The control thread starts them,
/// looks at them, and joins them; what went wrong on one of them is kept here.
final class Load: Sendable {
    private struct State {
        var clientsLeft: Int
        var nemesisIsDone = true
        var failure: RunFailure?
    }

    let control = WorkloadControl()
    private let state: Mutex<State>
    private let threads = Mutex<[WorkerThread]>([])

    init() {
        state = Mutex(State(clientsLeft: 0))
    }

    var failure: RunFailure? { state.withLock { $0.failure } }
    var nemesisIsDone: Bool { state.withLock { $0.nemesisIsDone } }
    var clientsAreDone: Bool { state.withLock { $0.clientsLeft == 0 } }

    func start(_ clients: [Client]) throws(RunFailure) {
        for (index, client) in clients.enumerated() {
            state.withLock { $0.clientsLeft += 1 }
            try start("client-\(index + 1)") { [self] in
                var client = client
                do throws(HistoryFileError) {
                    try client.run()
                } catch {
                    fail(.record(error))
                }
                state.withLock { $0.clientsLeft -= 1 }
            }
        }
    }

    func start(_ checkpointer: Checkpointer) throws(RunFailure) {
        try start("checkpointer") { [self] in
            var checkpointer = checkpointer
            do throws(HistoryFileError) {
                try checkpointer.run()
            } catch {
                fail(.record(error))
            }
        }
    }

    func start(_ nemesis: Nemesis, until deadline: Deadline) throws(RunFailure) {
        state.withLock { $0.nemesisIsDone = false }
        try start("nemesis") { [self] in
            do throws(Nemesis.Failure) {
                try nemesis.run(until: deadline)
            } catch {
                switch error {
                case .testbed(let error): fail(RunFailure(error))
                case .record(let error): fail(.record(error))
                case .fault: fail(.testbed("\(error)"))
                }
            }
            state.withLock { $0.nemesisIsDone = true }
        }
    }

    /// A script is client and nemesis in one.
    func start(
        _ script: ScriptRunner, until deadline: Deadline, isControl: Bool
    ) throws(RunFailure) {
        state.withLock { $0.nemesisIsDone = false }
        try start("script") { [self] in
            do throws(RunFailure) {
                try script.run(until: deadline, isControl: isControl)
            } catch {
                fail(error)
            }
            state.withLock { $0.nemesisIsDone = true }
        }
    }

    private func start(
        _ name: String, _ body: @escaping @Sendable () -> Void
    ) throws(RunFailure) {
        do throws(SystemError) {
            let thread = try WorkerThread(name: name, body)
            threads.withLock { $0.append(thread) }
        } catch {
            throw .files(error)
        }
    }

    private func fail(_ failure: RunFailure) {
        state.withLock { state in
            if state.failure == nil { state.failure = failure }
        }
    }

    /// Tells everybody to stop and waits for them: each ends with its request in flight, so at
    /// the latest after the longest time-out.
    func stopAndJoin() {
        control.give(.stop)
        for thread in threads.withLock({ $0 }) { thread.join() }
        threads.withLock { $0 = [] }
    }
}
