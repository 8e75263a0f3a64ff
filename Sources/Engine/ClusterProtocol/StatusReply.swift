public import LeaseEngine
public import LeaseKernel

/// What a replica says about itself on the control port: 25 lines (cluster-runner.md 7).
public struct StatusReply: Hashable, Sendable {
    public enum State: String, CaseIterable, Sendable {
        case active
        case faulted
    }

    public static let protocolVersion: UInt32 = 1

    public var processID: UInt32
    /// Its number, paths and addresses, and its role at this moment.
    public var replica: ReplicaLayout
    public var prepareLogPath: String
    public var state: State
    public var currentView: View
    public var commitLSN: LSN?
    public var activeSnapshotLSN: LSN?
    /// This and the next four belong to the engine and are absent when the replica is faulted.
    public var acceptingWrites: Bool?
    public var startupKind: StartupKind?
    public var loadedSnapshotLSN: LSN?
    public var replayedWALFrameCount: UInt32?
    public var replayedWALLastLSN: LSN?
    /// The fixed form of the reason (replica.md 2).
    public var faultReason: String?

    public init(
        processID: UInt32, replica: ReplicaLayout, state: State, currentView: View,
        commitLSN: LSN?, activeSnapshotLSN: LSN?, acceptingWrites: Bool?,
        startupKind: StartupKind?, loadedSnapshotLSN: LSN?, replayedWALFrameCount: UInt32?,
        replayedWALLastLSN: LSN?, faultReason: String?
    ) {
        self.processID = processID
        self.replica = replica
        prepareLogPath = replica.prepareLogPath
        self.state = state
        self.currentView = currentView
        self.commitLSN = commitLSN
        self.activeSnapshotLSN = activeSnapshotLSN
        self.acceptingWrites = acceptingWrites
        self.startupKind = startupKind
        self.loadedSnapshotLSN = loadedSnapshotLSN
        self.replayedWALFrameCount = replayedWALFrameCount
        self.replayedWALLastLSN = replayedWALLastLSN
        self.faultReason = faultReason
    }
}

extension StatusReply {
    /// Reads a status reply. Unknown keys are ignored, the protocol version is not looked at.
    public init(decoding bytes: [UInt8]) throws(ControlReplyError) {
        let fields = try ControlReply.okFields(String(decoding: bytes, as: UTF8.self))
        do throws(KeyValueError) {
            try self.init(fields: fields)
        } catch {
            throw .malformed(error)
        }
    }

    private init(fields: KeyValueFields) throws(KeyValueError) {
        processID = try fields.required("process_id", unsignedNumber)
        let id: ReplicaID = try fields.required("replica_id", identifier)
        state = try fields.required("state") { State(rawValue: $0) }
        let role = try fields.required("role") { ReplicaRole(word: $0) }
        currentView = try fields.required("current_view", identifier)
        commitLSN = try fields.orNone("commit_lsn", identifier)
        activeSnapshotLSN = try fields.orNone("active_snapshot_lsn", identifier)
        acceptingWrites = try fields.orNone("accepting_writes") { word -> Bool? in
            switch word {
            case "true": true
            case "false": false
            default: nil
            }
        }
        startupKind = try fields.orNone("startup_kind") { word in
            StartupKind.allCases.first { $0.word == word }
        }
        loadedSnapshotLSN = try fields.orNone("loaded_snapshot_lsn", identifier)
        replayedWALFrameCount = try fields.orNone("replayed_wal_frame_count", unsignedNumber)
        replayedWALLastLSN = try fields.orNone("replayed_wal_last_lsn", identifier)
        let reason = fields.optional("fault_reason")
        faultReason = reason == "none" ? nil : reason
        let directory = try fields.required("workspace_dir")
        let logPath = try fields.required("log_path")
        let pidPath = try fields.required("pid_path")
        let metadataPath = try fields.required("metadata_path")
        prepareLogPath = try fields.required("prepare_log_path")
        replica = ReplicaLayout(
            id: id, role: role, workspaceDirectory: directory, logPath: logPath,
            pidPath: pidPath, metadataPath: metadataPath,
            snapshotPath: try fields.required("snapshot_path"),
            walPath: try fields.required("wal_path"),
            addresses: try ReplicaAddresses(fields: fields))
    }

    public var bytes: [UInt8] {
        ControlReply.bytes([
            ("protocol_version", "\(Self.protocolVersion)"),
            ("process_id", "\(processID)"),
            ("replica_id", "\(replica.id)"),
            ("state", state.rawValue),
            ("role", replica.role.word),
            ("current_view", "\(currentView)"),
            ("commit_lsn", orNone(commitLSN)),
            ("active_snapshot_lsn", orNone(activeSnapshotLSN)),
            ("accepting_writes", orNone(acceptingWrites)),
            ("startup_kind", startupKind?.word ?? "none"),
            ("loaded_snapshot_lsn", orNone(loadedSnapshotLSN)),
            ("replayed_wal_frame_count", orNone(replayedWALFrameCount)),
            ("replayed_wal_last_lsn", orNone(replayedWALLastLSN)),
            ("fault_reason", faultReason ?? "none"),
            ("workspace_dir", replica.workspaceDirectory),
            ("log_path", replica.logPath),
            ("pid_path", replica.pidPath),
            ("metadata_path", replica.metadataPath),
            ("prepare_log_path", prepareLogPath),
            ("snapshot_path", replica.snapshotPath),
            ("wal_path", replica.walPath),
            ("control_addr", "\(replica.addresses.control)"),
            ("client_addr", "\(replica.addresses.client)"),
            ("protocol_addr", "\(replica.addresses.protocol)"),
        ])
    }
}

private func orNone(_ value: (some CustomStringConvertible)?) -> String {
    value?.description ?? "none"
}
