import ClusterProtocol
import LeaseKernel
import Remote
import Synchronization
import SystemCalls
public import Testbed

/// What the machines tell of their daemons.
extension HostTestbed {
    /// So often the machines are asked at most whether their daemons run.
    static let lookInterval = Duration.milliseconds(500)

    public func takeUnexpectedExits() -> [UnexpectedExit] {
        try? lookForExits(now: false)
        return state.withLock { state in
            defer { state.exits = [] }
            return state.exits
        }
    }

    /// A machine that cannot be asked says nothing about its daemon. What the machine itself did to
    /// it is no evidence either, but its replica is not started any more (`launch`), so that the
    /// run ends without a verdict.
    func lookForExits(now: Bool) throws(TestbedError) {
        let due = state.withLock { state -> [(ReplicaID, Daemon)] in
            if !now, let asked = state.askedAt, Instant.now - asked < Self.lookInterval {
                return []
            }
            state.askedAt = .now
            return state.daemons.filter { $0.value != .down }.map { ($0.key, $0.value) }
        }
        for (replica, daemon) in due {
            guard case .ended(let ending) = try machine(replica).report() else { continue }
            let isNews = state.withLock { state in
                // Somebody may have ended it on purpose, or started it anew, since.
                guard state.daemons[replica] == daemon else { return false }
                state.daemons[replica] = .down
                return true
            }
            guard isNews else { continue }
            switch ending {
            case .by(let status): noteExit(replica, status)
            case .abandoned: state.withLock { $0.lost[replica] = Self.abandoned }
            case .unknown: state.withLock { $0.lost[replica] = Self.unseen }
            }
        }
    }

    func noteExit(_ replica: ReplicaID, _ status: ExitStatus) {
        let exit = UnexpectedExit(
            replica: replica, status: status, lastLogLines: lastLogLines(of: replica),
            noticedAt: .now)
        let isEvidence = !excused.contains(replica)
        state.withLock { state in
            if isEvidence { state.exits.append(exit) }
            state.lastExit[replica] = exit
        }
    }

    static let keptLogLines = 12

    private func lastLogLines(of replica: ReplicaID) -> [String] {
        guard let place = layout.replica(replica), let machine = try? machine(replica),
            let text = try? machine.run(
                "tail -n \(Self.keptLogLines) \(ShellText.quoted(place.logPath))",
                step: "reading the log")
        else { return [] }
        return text.split(separator: "\n").map(String.init)
    }

    /// Copies of what lies on the machines; what cannot be fetched is not there.
    public func evidence() -> [EvidenceFile] {
        var files: [EvidenceFile] = []
        for replica in layout.replicas {
            guard let machine = try? machine(replica.id) else { continue }
            let wanted = [
                (replica.logPath, "replica-\(replica.id).log"),
                (machine.layoutPath, "replica-\(replica.id)-\(ClusterLayout.fileName)"),
                (machine.faultsPath, "replica-\(replica.id)-\(FaultState.fileName)"),
            ]
            for (path, name) in wanted {
                let copy = Path.join(folder, name)
                guard
                    (try? machine.remote.download(
                        path, to: copy, until: .after(HostMachine.limit))) != nil
                else { continue }
                files.append(EvidenceFile(path: copy, name: name))
            }
        }
        return files
    }
}
