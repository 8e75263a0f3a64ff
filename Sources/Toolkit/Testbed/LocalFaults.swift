import ClusterProtocol
import DurableFiles
public import LeaseKernel
import Synchronization
import SystemCalls

/// What can be done to the daemons of a local cluster besides killing them.
extension LocalTestbed {
    // MARK: - Signals

    public func terminate(_ replica: ReplicaID) throws(TestbedError) {
        // One that ended by itself before is evidence.
        noticeExits()
        let daemon = state.withLock { state in
            defer { state.daemons[replica] = .down }
            return state.daemons[replica]
        }
        guard case .running(let child) = daemon else { return }
        do throws(SystemError) {
            try child.signal(Signals.terminate)
            let status: ExitStatus
            if let ended = try child.wait(until: .after(Self.stopLimit)) {
                status = ended
            } else {
                status = try child.killAndWait()
            }
            // A clean end, the signal's own work, or ours in the end; all else tells something.
            let expected: [ExitStatus] = [
                .exited(code: 0), .signaled(number: Signals.terminate),
                .signaled(number: Signals.kill),
            ]
            if !expected.contains(status) { noteExit(replica, status) }
        } catch {
            throw .system(during: "ending replica \(replica)", error)
        }
    }

    public func pause(_ replica: ReplicaID, lease: Duration) throws(TestbedError) {
        guard let child = runningChild(replica) else { return }
        try arm(
            Self.pauseKey(replica), lease: lease,
            .signal(
                process: child.processID, startTime: Processes.startTime(of: child.processID),
                number: Signals.proceed))
        try signal(child, Signals.stop, "pausing replica \(replica)")
    }

    public func proceed(_ replica: ReplicaID) throws(TestbedError) {
        if let child = runningChild(replica) {
            try signal(child, Signals.proceed, "letting replica \(replica) go on")
        }
        disarm(Self.pauseKey(replica))
    }

    public func isPaused(_ replica: ReplicaID) -> Bool {
        runningChild(replica).map { Processes.isStopped($0.processID) } ?? false
    }

    private static func pauseKey(_ replica: ReplicaID) -> String { "pause-\(replica)" }

    private func runningChild(_ replica: ReplicaID) -> ChildProcess? {
        state.withLock { state in
            guard case .running(let child) = state.daemons[replica] else { return nil }
            return child
        }
    }

    private func signal(
        _ child: ChildProcess, _ number: Int32, _ step: String
    ) throws(TestbedError) {
        do throws(SystemError) {
            try child.signal(number)
        } catch {
            throw .system(during: step, error)
        }
    }

    // MARK: - Isolation

    public func isolate(_ replica: ReplicaID, lease: Duration) throws(TestbedError) {
        guard initialLayout.replica(replica) != nil else { throw .unknownReplica(replica) }
        // Nobody is isolated when the lease is over: one entry undoes them all.
        let healthy = FaultState(workspaceRoot: workspace)
        try arm(
            Self.isolationKey, lease: lease,
            .replaceFile(path: initialLayout.faultsPath, content: Array(healthy.text.utf8)))
        try changeFaults(replica) { faults throws(FaultState.UnknownReplica) in
            try faults.isolate(replica)
        }
    }

    public func heal(_ replica: ReplicaID) throws(TestbedError) {
        try changeFaults(replica) { faults throws(FaultState.UnknownReplica) in
            try faults.heal(replica)
        }
        if state.withLock({ $0.faults.isolated.isEmpty }) { disarm(Self.isolationKey) }
    }

    public func isIsolated(_ replica: ReplicaID) -> Bool {
        state.withLock { $0.faults.isIsolated(replica) }
    }

    private static let isolationKey = "isolation"

    private func changeFaults(
        _ replica: ReplicaID,
        _ change: (inout FaultState) throws(FaultState.UnknownReplica) -> Void
    ) throws(TestbedError) {
        try state.withLock { state throws(TestbedError) in
            do throws(FaultState.UnknownReplica) {
                try change(&state.faults)
            } catch {
                throw .unknownReplica(replica)
            }
            try write(state.faults)
        }
    }

    func write(_ faults: FaultState) throws(TestbedError) {
        do throws(SystemError) {
            try DurableFiles.replace(initialLayout.faultsPath, with: Array(faults.text.utf8))
        } catch {
            throw .system(during: "writing the fault file", error)
        }
    }

    public func clientPort(_ replica: ReplicaID) -> PortState {
        guard let address = initialLayout.replica(replica)?.addresses.client,
            let socket = SocketAddress("\(address)")
        else { return .silent }
        return PortState(asking: socket, in: configuration.placement.place(of: replica))
    }

    // MARK: - The guard

    /// Sees to it that a fault ends by itself; the guard is started when it is first needed.
    func arm(
        _ key: String, lease: Duration, _ undo: GuardedUndo
    ) throws(TestbedError) {
        do throws(UndoGuard.Failure) {
            try undoGuard.withLock { undoGuard throws(UndoGuard.Failure) in
                let running: UndoGuard
                if let undoGuard {
                    running = undoGuard
                } else {
                    guard let tool = configuration.tool else {
                        throw UndoGuard.Failure(
                            description: "there is no program \(ToolProgram.name) beside this one")
                    }
                    running = try UndoGuard(tool: tool)
                    undoGuard = running
                }
                try running.arm(key, lease: lease, undo)
            }
        } catch {
            throw .noGuard("\(error)")
        }
    }

    func disarm(_ key: String) {
        undoGuard.withLock { $0?.disarm(key) }
    }

    func endGuard() {
        undoGuard.withLock { undoGuard in
            undoGuard?.end()
            undoGuard = nil
        }
    }

    // MARK: - Snapshots

    public func checkpoint(_ replica: ReplicaID) throws(TestbedError) {
        guard let address = initialLayout.replica(replica)?.addresses.control,
            let port = ControlPort(address, in: configuration.placement.place(of: replica))
        else { throw .unknownReplica(replica) }
        if let answer = port.checkpoint() {
            throw .controlRequestFailed("checkpoint", replica, answer: answer)
        }
    }
}
