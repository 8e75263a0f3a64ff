public import ClusterProtocol
import LeaseEngine
public import LeaseKernel
import SystemCalls

/// The operator commands of a local cluster (cluster-runner.md 1). Each writes its output lines
/// through `output` as they become true, and throws what the command line prints as its error.
/// All of them block the calling thread.
public struct ClusterCommands: Sendable {
    /// Program that runs `replica-daemon`.
    public let daemonExecutable: String
    private let output: @Sendable (String) -> Void

    /// `output` gets whole lines without line feed.
    public init(daemonExecutable: String, output: @escaping @Sendable (String) -> Void) {
        self.daemonExecutable = daemonExecutable
        self.output = output
    }

    // MARK: start, stop

    /// cluster-runner.md 1.1.
    public func start(workspace path: String) throws(ClusterRunnerError) {
        let workspace = try ClusterWorkspace(creating: path)
        let faults = try workspace.whileLocked { () throws(ClusterRunnerError) in
            try workspace.loadFaults()
        }
        let processes = workspace.layout.replicas.map(ReplicaProcess.init)
        for process in processes where process.status != nil {
            throw .alreadyRunning(process.replica.id, process.replica.addresses.control)
        }
        for process in processes { try process.removePidFile() }
        let statuses = try startAll(processes, layoutPath: workspace.layoutPath)
        try workspace.whileLocked { () throws(ClusterRunnerError) in
            try workspace.record(.clusterStart, replica: nil, detail: "cluster_started")
        }
        output("cluster started")
        output("workspace=\(workspace.layout.workspaceRoot)")
        output("layout=\(workspace.layoutPath)")
        for status in statuses { show(status, faults) }
    }

    /// All daemons ready, or none left running.
    private func startAll(
        _ processes: [ReplicaProcess], layoutPath: String
    ) throws(ClusterRunnerError) -> [StatusReply] {
        var children: [ChildProcess] = []
        do throws(ClusterRunnerError) {
            for process in processes {
                children.append(
                    try process.spawn(executable: daemonExecutable, layoutPath: layoutPath))
            }
            var statuses: [StatusReply] = []
            for (process, child) in zip(processes, children) {
                statuses.append(try process.waitUntilReady(child))
            }
            return statuses
        } catch {
            for (process, child) in zip(processes, children) { end(child, of: process) }
            throw error
        }
    }

    /// Ends a daemon that must not be left behind: by request, then by force.
    private func end(_ child: ChildProcess, of process: ReplicaProcess) {
        try? ControlClient(process.replica.addresses.control).stop()
        let ended = try? child.wait(until: .after(.seconds(1)))
        if ended == nil {
            _ = try? child.killAndWait()
            try? process.removePidFile()
        }
    }

    /// cluster-runner.md 1.2, with weakness C10 gone: a replica that does not answer keeps no
    /// other from being stopped, and is reported at the end.
    public func stop(workspace path: String) throws(ClusterRunnerError) {
        let workspace = try ClusterWorkspace(existing: path)
        var requested: [ReplicaProcess] = []
        var silent: [ReplicaLayout] = []
        for process in workspace.layout.replicas.map(ReplicaProcess.init) {
            let replica = process.replica
            if (try? ControlClient(replica.addresses.control).stop()) != nil {
                requested.append(process)
                output("replica=\(replica.id) stop_requested control=\(replica.addresses.control)")
            } else if process.hasPidFile {
                silent.append(replica)
            } else {
                output("replica=\(replica.id) already_stopped control=\(replica.addresses.control)")
            }
        }
        try waitUntilStopped(requested)
        guard silent.isEmpty else { throw .noAnswerToStop(silent) }
        if requested.isEmpty { return }
        try workspace.whileLocked { () throws(ClusterRunnerError) in
            try workspace.record(.clusterStop, replica: nil, detail: "cluster_stopped")
        }
        output("cluster stopped")
    }

    private func waitUntilStopped(_ processes: [ReplicaProcess]) throws(ClusterRunnerError) {
        let deadline = Deadline.after(ReplicaProcess.patience)
        var running = processes
        while true {
            running = running.filter { $0.hasPidFile || $0.status != nil }
            if running.isEmpty { return }
            if deadline.isPassed { throw .didNotStop(running.map(\.replica.id)) }
            sleepThread(for: .milliseconds(10))
        }
    }

    // MARK: status

    /// cluster-runner.md 1.3.
    public func status(workspace path: String) throws(ClusterRunnerError) {
        let workspace = try ClusterWorkspace(existing: path)
        let faults = try workspace.whileLocked { () throws(ClusterRunnerError) in
            try workspace.loadFaults()
        }
        let timeline = try workspace.loadTimeline()
        output("workspace=\(workspace.layout.workspaceRoot)")
        output("layout=\(workspace.layoutPath)")
        output("fault_state=\(workspace.layout.faultsPath)")
        output("timeline=\(workspace.layout.timelinePath)")
        output("timeline_events=\(timeline.events.count)")
        for process in workspace.layout.replicas.map(ReplicaProcess.init) {
            let replica = process.replica
            if let status = process.status {
                show(status, faults)
                continue
            }
            let network = Self.network(of: replica.id, faults)
            let hasPidFile = process.hasPidFile
            output(
                "replica=\(replica.id) state=\(hasPidFile ? "unreachable" : "stopped") "
                    + "network=\(network) control=\(replica.addresses.control) "
                    + (hasPidFile ? "pid_path=\(replica.pidPath) " : "") + "log=\(replica.logPath)")
        }
    }

    /// cluster-runner.md 1.6.
    public func controlStatus(_ address: NetworkAddress) throws(ClusterRunnerError) {
        do throws(ControlClient.Failure) {
            let text = String(
                decoding: try ControlClient(address).status().bytes, as: UTF8.self)
            // The reply ends with the line feed that `output` adds.
            output(String(text.dropLast()))
        } catch {
            throw .controlFailed(address, reason: "\(error)")
        }
    }

    /// Every component's state, its blocking reason and last transition, and whether a read and a
    /// write would be served now.
    public func explain(
        workspace path: String, replica id: ReplicaID
    ) throws(ClusterRunnerError) {
        let replica = try ClusterWorkspace(existing: path).replica(id)
        try show(.explain, of: replica.addresses.control)
    }

    /// Has one replica write a snapshot now.
    public func checkpoint(
        workspace path: String, replica id: ReplicaID
    ) throws(ClusterRunnerError) {
        let replica = try ClusterWorkspace(existing: path).replica(id)
        try show(.checkpoint, of: replica.addresses.control)
    }

    private func show(
        _ request: ControlRequest, of address: NetworkAddress
    ) throws(ClusterRunnerError) {
        do throws(ControlClient.Failure) {
            for field in try ControlClient(address).fields(for: request) {
                output("\(field.key)=\(field.value)")
            }
        } catch {
            throw .controlFailed(address, reason: "\(error)")
        }
    }

    private func show(_ status: StatusReply, _ faults: FaultState) {
        let replica = status.replica
        let id = replica.id
        output(
            "replica=\(id) state=\(status.state.rawValue) network=\(Self.network(of: id, faults)) "
                + "pid=\(status.processID) role=\(replica.role.word) view=\(status.currentView) "
                + "control=\(replica.addresses.control) client=\(replica.addresses.client) "
                + "protocol=\(replica.addresses.protocol)")
        output(
            "replica=\(id) commit_lsn=\(orNone(status.commitLSN)) "
                + "snapshot_lsn=\(orNone(status.activeSnapshotLSN)) "
                + "accepting_writes=\(orNone(status.acceptingWrites)) "
                + "startup_kind=\(status.startupKind?.word ?? "none") log=\(replica.logPath)")
        output(
            "replica=\(id) metadata=\(replica.metadataPath) prepare_log=\(status.prepareLogPath) "
                + "snapshot=\(replica.snapshotPath) wal=\(replica.walPath) "
                + "pid_path=\(replica.pidPath)")
        if let reason = status.faultReason { output("replica=\(id) fault_reason=\(reason)") }
    }

    private static func network(of replica: ReplicaID, _ faults: FaultState) -> String {
        faults.isIsolated(replica) ? "isolated" : "healthy"
    }

    // MARK: crash, restart

    /// cluster-runner.md 1.4.
    public func crash(
        workspace path: String, replica id: ReplicaID
    ) throws(ClusterRunnerError) {
        let workspace = try ClusterWorkspace(existing: path)
        let process = ReplicaProcess(replica: try workspace.replica(id))
        let number: Int32
        if let status = process.status {
            number = Int32(clamping: status.processID)
        } else if let recorded = process.recordedProcess, Processes.isAlive(recorded) {
            number = recorded
        } else {
            try process.removePidFile()
            throw .alreadyStopped(id)
        }
        let hasEnded: Bool
        do throws(SystemError) {
            try Processes.signal(number, Signals.kill)
            hasEnded = try Processes.waitForEnd(
                of: number, until: .after(ReplicaProcess.patience))
        } catch {
            throw .killFailed(id, error)
        }
        guard hasEnded else { throw .didNotStop([id]) }
        try process.removePidFile()
        try workspace.whileLocked { () throws(ClusterRunnerError) in
            try workspace.record(.replicaCrash, replica: id, detail: "signal=kill")
        }
        output("replica=\(id) crashed pid=\(number) control=\(process.replica.addresses.control)")
    }

    /// cluster-runner.md 1.4, with weakness C10 gone: a daemon that does not become ready is
    /// not left behind.
    public func restart(
        workspace path: String, replica id: ReplicaID
    ) throws(ClusterRunnerError) {
        let workspace = try ClusterWorkspace(existing: path)
        let process = ReplicaProcess(replica: try workspace.replica(id))
        let replica = process.replica
        let faults = try workspace.whileLocked { () throws(ClusterRunnerError) in
            try workspace.loadFaults()
        }
        if let status = process.status {
            throw .alreadyRunningWithProcess(
                id, replica.addresses.control, process: status.processID)
        }
        if let recorded = process.recordedProcess, Processes.isAlive(recorded) {
            throw .stillAlive(id, process: recorded, pidPath: replica.pidPath)
        }
        try process.removePidFile()
        let child = try process.spawn(
            executable: daemonExecutable, layoutPath: workspace.layoutPath)
        let status: StatusReply
        do throws(ClusterRunnerError) {
            status = try process.waitUntilReady(child)
        } catch {
            end(child, of: process)
            throw error
        }
        try workspace.whileLocked { () throws(ClusterRunnerError) in
            try workspace.record(.replicaRestart, replica: id, detail: "replica_ready")
        }
        show(status, faults)
    }

    // MARK: isolate, heal

    /// cluster-runner.md 1.5.
    public func isolate(
        workspace path: String, replica id: ReplicaID
    ) throws(ClusterRunnerError) {
        try setNetwork(path, id, isolated: true)
    }

    /// cluster-runner.md 1.5.
    public func heal(workspace path: String, replica id: ReplicaID) throws(ClusterRunnerError) {
        try setNetwork(path, id, isolated: false)
    }

    private func setNetwork(
        _ path: String, _ id: ReplicaID, isolated: Bool
    ) throws(ClusterRunnerError) {
        let workspace = try ClusterWorkspace(existing: path)
        let replica = try workspace.replica(id)
        try workspace.whileLocked { () throws(ClusterRunnerError) in
            let old = try workspace.loadFaults()
            var new = old
            do throws(FaultState.UnknownReplica) {
                if isolated { try new.isolate(id) } else { try new.heal(id) }
            } catch {
                throw .replicaUnknown(id, layoutPath: workspace.layoutPath)
            }
            try workspace.store(new, replacing: old)
            try workspace.record(
                isolated ? .replicaIsolate : .replicaHeal, replica: id,
                detail: "scope=client+protocol")
        }
        output(
            "replica=\(id) network=\(isolated ? "isolated" : "healthy") "
                + "client=\(replica.addresses.client) protocol=\(replica.addresses.protocol)")
    }
}

private func orNone(_ value: (some CustomStringConvertible)?) -> String {
    value?.description ?? "none"
}
