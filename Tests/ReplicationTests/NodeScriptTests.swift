import ByteCoding
import LeaseEngine
import LeaseKernel
import Replication
import TestSupport
import Testing

@Suite("Recorded scripts over one replica")
struct NodeScriptTests {
    @Test(
        "every step gives the recorded result, state and file bytes",
        arguments: NodeHome.Kind.allCases)
    func scripts(_ kind: NodeHome.Kind) throws {
        let vectors = try Vectors.json("replica-node-scripts.json")
        let scripts = vectors["scripts"].array
        var steps = 0
        for script in scripts {
            let home = try NodeHome(kind)
            defer { home.remove() }
            let configuration = NodeConfiguration(
                identity: ReplicaIdentity(
                    replicaID: ReplicaID(script["replica_id"].integer() ?? 1),
                    shardID: ShardID(0)),
                kernel: try vectors["config"]["core"].kernelConfiguration(),
                engine: try vectors["config"]["engine"].engineConfiguration())
            var run = ScriptRun(script, configuration, home)
            steps += try run.play()
        }
        print("replica-node-scripts (\(kind)): \(scripts.count) cases, \(steps) steps")
        #expect(scripts.count == 11)
        #expect(steps > 150)
    }
}

/// One script being played.
private struct ScriptRun {
    let script: JSONValue
    let configuration: NodeConfiguration
    let home: NodeHome
    let name: String
    var node: ReplicaNode?

    init(_ script: JSONValue, _ configuration: NodeConfiguration, _ home: NodeHome) {
        self.script = script
        self.configuration = configuration
        self.home = home
        self.name = script["name"].string ?? ""
    }

    /// The number of steps played.
    mutating func play() throws -> Int {
        if !script["requested"].isNull { return try playCommitBeyondEverything() }
        for (index, step) in script["steps"].array.enumerated() {
            let place = "\(name) step \(index) \(step["op"]["op"].string ?? "")"
            let before = Dictionary(
                uniqueKeysWithValues: NodeFiles.allCases.map { ($0, home.read($0)) })
            if step["op"]["op"].string == "restart_recover" {
                // One script replaces a file by hand between stop and start.
                for file in NodeFiles.allCases {
                    if let bytes = step["files_changed"][file.rawValue].hex {
                        try home.write(file, bytes)
                    }
                }
            }
            if step.errorText == nil, step["result"].errorText == "PrepareStorage(IsADirectory)" {
                try home.blockingPreparedLog { try perform(step, place) }
            } else {
                try perform(step, place)
            }
            for file in NodeFiles.allCases {
                let expected = step["files_changed"][file.rawValue].hex ?? before[file] ?? nil
                #expect(home.read(file) == expected, "\(place): \(file.rawValue)")
            }
            try compareState(with: step, place)
        }
        return script["steps"].array.count
    }

    private func compareState(with step: JSONValue, _ place: String) throws {
        let node = try #require(node, "\(place)")
        switch node.status {
        case .active: #expect(step["status"].string == "active", "\(place)")
        case .faulted(let reason):
            #expect(step["status"]["faulted"]["text"].string == reason.debugText, "\(place)")
        }
        if !step["metadata"].isNull {
            #expect(node.metadata == (try step["metadata"].metadata()), "\(place)")
        }
        #expect(
            node.prepared.all.map { Optional($0.lsn) } == step["prepared_lsns"].array.map(\.lsn),
            "\(place)")
        #expect(node.lastAppliedLSN == step["last_applied_lsn"].lsn, "\(place)")
    }

    private mutating func perform(_ step: JSONValue, _ place: String) throws {
        let result = step["result"]
        switch step["op"]["op"].string {
        case "recover_empty_folder":
            node = try ReplicaNode.recover(configuration, from: home.storage)
            return
        case "restart_recover":
            node = nil
            let (configuration, home) = (configuration, home)
            node = try expectStart(
                { try ReplicaNode.recover(configuration, from: home.storage) }, gives: result,
                place)
            return
        case "enforce_primary_read":
            let required = LSN(try step["op"]["required_lsn"].required())
            let refusal = try #require(node).readRefusal(required: required)
            #expect(refusal?.debugText == result.errorText, "\(place)")
            return
        default: break
        }
        do {
            let given = try operate(step["op"])
            #expect(result.errorText == nil, "\(place): expected \(result)")
            #expect(given == result["ok"], "\(place)")
        } catch let error as ReplicaNodeError {
            #expect(error.debugText == result.errorText, "\(place)")
        }
    }

    /// Carries out an operation; its value in the golden form.
    private mutating func operate(_ operation: JSONValue) throws -> JSONValue {
        let taken = self.node.take()
        var node = try #require(taken)
        defer { self.node = node }
        switch operation["op"].string {
        case "configure_normal_role":
            try node.configureNormalRole(
                view: View(try operation["view"].required()),
                role: try #require(operation["role"].role))
        case "record_durable_vote":
            try node.recordDurableVote(
                view: View(try operation["view"].required()),
                for: ReplicaID(try operation["voted_for"].required()))
        case "enter_view_uncertain": try node.enterViewUncertain()
        case "discard_uncommitted_suffix": try node.discardUncommittedSuffix()
        case "append_prepared_entry": try node.append(try operation["entry"].entry())
        case "prepare_client_request":
            return .golden(
                try node.prepareClientRequest(
                    try #require(operation["payload_hex"].hex),
                    at: Slot(try operation["request_slot"].required())))
        case "prepare_expiration_tick":
            return .array(
                try node.prepareExpirationTick(
                    at: Slot(try operation["current_slot"].required())
                ).map(JSONValue.golden))
        case "commit_prepared_through":
            return try node.commitPrepared(through: LSN(try operation["lsn"].required()))
                .map(JSONValue.golden) ?? .null
        case "reconstruct_committed_prefix_through":
            return try node.reconstructCommittedPrefix(
                through: LSN(try operation["lsn"].required())
            ).map(JSONValue.golden) ?? .null
        case "checkpoint_local_state": return .golden(try node.checkpoint())
        case let other: Issue.record("unknown operation \(other ?? "")")
        }
        return .null
    }

    /// A commit of the largest position there is.
    private mutating func playCommitBeyondEverything() throws -> Int {
        var node = try ReplicaNode.recover(configuration, from: home.storage)
        try node.configureNormalRole(view: View(1), role: .backup)
        do {
            _ = try node.commitPrepared(through: LSN(try script["requested"].required()))
            Issue.record("\(name): accepted")
        } catch let error as ReplicaNodeError {
            #expect(error.debugText == script["error"]["text"].string, "\(name)")
        }
        return 1
    }
}

// MARK: - Golden forms

extension JSONValue {
    static func decimal(_ value: (some CustomStringConvertible)?) -> JSONValue {
        value.map { .string($0.description) } ?? .null
    }

    static func golden(_ entry: PreparedEntry) -> JSONValue {
        .object([
            "kind": .string(entry.kind == .client ? "client" : "internal"),
            "view": .decimal(entry.view), "lsn": .decimal(entry.lsn),
            "request_slot": .decimal(entry.requestSlot),
            "payload_hex": .string(Hexadecimal.encode(entry.payload)),
        ])
    }

    static func golden(_ applied: AppliedCommand) -> JSONValue {
        .object([
            "applied_lsn": .decimal(applied.lsn),
            "result_code": .string(applied.outcome.code.goldenName),
            "lease_id": .decimal(applied.outcome.reservationID),
            "lease_epoch": .decimal(applied.outcome.epoch),
            "deadline_slot": .decimal(applied.outcome.deadline),
            "from_retry_cache": .bool(applied.isFromRetryTable),
        ])
    }

    static func golden(_ report: CheckpointReport) -> JSONValue {
        .object([
            "snapshot_lsn": .decimal(report.snapshotLSN),
            "previous_snapshot_lsn": .decimal(report.previousSnapshotLSN),
            "retained_frame_count": .number(Int64(report.retainedFrameCount)),
        ])
    }
}

extension ResultCode {
    /// The name in golden data.
    var goldenName: String { upperCamelCase("\(self)") }
}

func upperCamelCase(_ name: String) -> String {
    name.prefix(1).uppercased() + name.dropFirst()
}
