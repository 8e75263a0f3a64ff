import ByteCoding
import LeaseEngine
import LeaseKernel
import Replication
import TestSupport
import Testing

@Suite("Recorded scenarios of three replicas")
struct ReplicatedScenarioTests {
    let vectors: JSONValue

    init() throws {
        vectors = try Vectors.json("replicated-scenarios.json")
    }

    @Test("every step gives the recorded result, states, messages and files")
    func scenarios() throws {
        var steps = 0
        for scenario in vectors["scenarios"].array {
            var run = ScenarioRun(
                name: scenario["name"].string ?? "",
                simulation: try ReplicatedSimulation(
                    kernel: .scenarios, engine: .scenarios))
            for (index, step) in scenario["steps"].array.enumerated() {
                try run.play(step, index)
                steps += 1
            }
        }
        print("replicated-scenarios: \(vectors["scenarios"].array.count) cases, \(steps) steps")
        #expect(vectors["scenarios"].array.count == 19)
    }

    @Test("seeded choices are the recorded ones")
    func seededChoices() throws {
        var count = 0
        for seeded in vectors["seeded_choices"].array {
            for sequence in seeded["sequences"].array {
                var choice = SeededChoice(seed: try seeded["seed"].required())
                let candidates: Int = try sequence["candidates"].required()
                for expected in sequence["choices"].array {
                    #expect(choice.choose(candidates) == (try expected.required()))
                    count += 1
                }
            }
        }
        print("replicated-scenarios seeded choices: \(count) cases")
        #expect(count == 300)
    }

    @Test("crash plans are the recorded ones")
    func crashPlans() throws {
        let sets: [String: [CrashPoint]] = [
            "all_eleven": CrashPoint.allCases,
            "client_three": [.clientAfterApply, .clientBeforeWALAppend, .clientAfterWALSync],
            "recovery_three": [
                .recoveryAfterReplayFrame, .recoveryAfterSnapshotLoad, .recoveryAfterWALTruncate,
            ],
        ]
        var count = 0
        for selection in vectors["crash_point_selection"].array {
            let enabled = try #require(sets[selection["set"].string ?? ""])
            for (seed, point) in selection["points_for_seed_0_to_15"].array.enumerated() {
                let plan = try #require(
                    CrashPlan(seed: UInt64(seed), enabled: enabled, replayableFrames: 1))
                #expect(plan.point.name == point.string)
                count += 1
            }
        }
        for selection in vectors["replay_ordinal_selection"].array {
            let frames: Int = try selection["replayable_frames"].required()
            for (seed, ordinal) in selection["ordinal_for_seed_0_to_15"].array.enumerated() {
                let chosen = CrashPlan.replayOrdinal(seed: UInt64(seed), replayableFrames: frames)
                #expect(chosen == (try ordinal.required()))
                count += 1
            }
        }
        print("replicated-scenarios crash plans: \(count) cases")
        #expect(count == 112)
    }

    @Test("schedules run in the recorded order, and their actions succeed in it")
    func schedules() throws {
        let actions = vectors["schedule_actions"].array
        let steps = try actions.map { action in
            SeededSchedule.Step(
                label: try #require(action["label"].string),
                candidates: try action["candidate_slots"].array.map { Slot(try $0.required()) })
        }
        for schedule in vectors["schedules"].array {
            let order = SeededSchedule.order(of: steps, seed: try schedule["seed"].required())
            #expect(
                order.map { "\($0.label)@\($0.slot)" } == schedule["order"].array.map(\.string))
            try carryOut(order.map(\.label))
        }
        print("replicated-scenarios schedules: \(vectors["schedules"].array.count) cases")
        #expect(vectors["schedules"].array.count == 12)
    }

    private func carryOut(_ labels: [String]) throws {
        typealias Simulation = ReplicatedSimulation
        var simulation = try Simulation(kernel: .scenarios, engine: .scenarios)
        func message(_ label: String, to: UInt64) -> Simulation.Message {
            Simulation.Message(
                label: label, from: .replica(ReplicaID(1)), to: .replica(ReplicaID(to)),
                body: .opaque)
        }
        for label in labels {
            switch label {
            case "queue-a": simulation.queue(message("a", to: 2))
            case "queue-b": simulation.queue(message("b", to: 3))
            case "deliver-a": try simulation.deliver("a")
            case "drop-b": try simulation.drop("b")
            case "cut-client-2":
                try simulation.setConnectivity(
                    from: .client, to: .replica(ReplicaID(2)), allowed: false)
            case "crash-3": try simulation.crash(ReplicaID(3))
            case "restart-3": try simulation.restart(ReplicaID(3))
            default: Issue.record("unknown action \(label)")
            }
        }
        #expect(simulation.messages.isEmpty)
        #expect(simulation.node(ReplicaID(3))?.status == .active)
    }
}

extension KernelConfiguration {
    /// The bounds of all recorded scenarios.
    static let scenarios = KernelConfiguration(
        shardID: 0, maxResources: 8, maxReservations: 8, maxBundleSize: 4, maxOperations: 16,
        maxTTLSlots: 16, maxClientRetryWindowSlots: 8, reservationHistoryWindowSlots: 4,
        maxExpirationBucketLength: 8)
}

extension EngineConfiguration {
    static let scenarios = EngineConfiguration(
        maxSubmissionQueue: 4, maxCommandBytes: 512, maxExpirationsPerTick: 1)
}

/// One scenario being played.
private struct ScenarioRun {
    let name: String
    var simulation: ReplicatedSimulation

    mutating func play(_ step: JSONValue, _ index: Int) throws {
        let operation = step["op"]
        let place = "\(name) step \(index) \(operation["op"].string ?? "")"
        try prepareFiles(for: step)
        try compareFiles(step["primary_files"], of: operation["primary"], place)
        try compareFiles(step["target_files_before"], of: operation["replica"], place)
        do {
            let given = try perform(operation)
            #expect(step.errorText == nil && step["result"].errorText == nil, "\(place)")
            #expect(given == step["result"]["ok"], "\(place)")
        } catch let error as SimulationError {
            #expect(error.debugText == step["result"].errorText, "\(place)")
        }
        try compareFiles(step["target_files_after"], of: operation["replica"], place)
        try compareStates(step, place)
    }

    /// One scenario damages a metadata file by hand before a restart.
    private func prepareFiles(for step: JSONValue) throws {
        guard step["op"]["op"].string == "restart" else { return }
        let id = ReplicaID(try step["op"]["replica"].required())
        let state = step["replicas"].array.first { $0["replica"] == step["op"]["replica"] }
        if state?["state"].string?.hasPrefix("faulted") == true {
            simulation.storage(of: id)?.metadata = [1, 2, 3]
        }
    }

    private func compareFiles(_ files: JSONValue, of replica: JSONValue, _ place: String) throws {
        guard !files.isNull else { return }
        let storage = try #require(simulation.storage(of: ReplicaID(try replica.required())))
        #expect(storage.metadata == files["metadata"].hex, "\(place): metadata")
        #expect(storage.preparedLog == files["prepare_log"].hex, "\(place): prepared log")
        #expect(storage.engine.wal == files["wal"].hex, "\(place): log")
        #expect(storage.engine.snapshot == files["snapshot"].hex, "\(place): snapshot")
    }

    private func compareStates(_ step: JSONValue, _ place: String) throws {
        #expect(
            simulation.configuredPrimary.map { "\($0)" } == step["configured_primary"].string,
            "\(place): configured primary")
        #expect(
            simulation.messages.map(\.label) == step["queued_messages"].array.compactMap(\.string),
            "\(place): messages")
        for state in step["replicas"].array {
            let id = ReplicaID(try state["replica"].required())
            guard let node = simulation.node(id) else {
                #expect(state["state"].string == "crashed", "\(place): replica \(id)")
                continue
            }
            let status =
                switch node.status {
                case .active: "active"
                case .faulted(let reason): "faulted: \(reason.debugText)"
                }
            let metadata = node.metadata
            #expect(state["state"].string == status, "\(place): replica \(id)")
            #expect(state["role"].role == metadata.role, "\(place): role of \(id)")
            #expect(
                state["view"].string == "\(metadata.currentView)", "\(place): view of \(id)")
            #expect(state["commit"].lsn == metadata.commitLSN, "\(place): commit of \(id)")
            #expect(state["applied"].lsn == node.lastAppliedLSN, "\(place): applied of \(id)")
            #expect(
                state["snapshot"].lsn == metadata.activeSnapshotLSN, "\(place): snapshot of \(id)")
            #expect(
                state["vote"].string
                    == metadata.durableVote.map { "\($0.view):\($0.votedFor)" },
                "\(place): vote of \(id)")
            #expect(
                state["prepared"].array.map(\.lsn) == node.prepared.all.map { Optional($0.lsn) },
                "\(place): prepared of \(id)")
        }
    }

    private mutating func perform(_ operation: JSONValue) throws -> JSONValue {
        func id(_ name: String) throws -> ReplicaID { ReplicaID(try operation[name].required()) }
        func endpoint(_ name: String) throws -> ReplicatedSimulation.Endpoint {
            operation[name].string == "client" ? .client : .replica(try id(name))
        }
        switch operation["op"].string {
        case "configure_primary":
            try simulation.configurePrimary(
                try id("replica"), view: View(try operation["view"].required()))
        case "set_connectivity":
            try simulation.setConnectivity(
                from: try endpoint("from"), to: try endpoint("to"),
                allowed: operation["allowed"] == .bool(true))
        case "crash": try simulation.crash(try id("replica"))
        case "restart": try simulation.restart(try id("replica"))
        case "deliver": try simulation.deliver(try #require(operation["message"].string))
        case "drop": try simulation.drop(try #require(operation["message"].string))
        case "complete_view_change":
            try simulation.completeViewChange(
                to: try id("new_primary"), view: View(try operation["new_view"].required()))
        case "client_submit", "client_submit_or_retry": return try submit(operation)
        case "read_resource": return try read(operation)
        case "checkpoint": return .golden(try simulation.checkpoint(try id("replica")))
        case "rejoin":
            switch try simulation.rejoin(try id("replica"), from: try id("primary")) {
            case .suffixOnly: return .string("suffix_only")
            case .snapshotTransfer: return .string("snapshot_transfer")
            }
        case let other: Issue.record("unknown operation \(other ?? "")")
        }
        return .null
    }

    private mutating func submit(_ operation: JSONValue) throws -> JSONValue {
        let payload = try #require(operation["payload_hex"].hex)
        let slot = Slot(try operation["request_slot"].required())
        let primary = ReplicaID(try operation["primary"].required())
        let label = try #require(operation["label"].string)
        guard operation["op"].string == "client_submit_or_retry" else {
            let entry = try simulation.submit(payload, at: slot, to: primary, label: label)
            return .object(["view": .decimal(entry.view), "lsn": .decimal(entry.lsn)])
        }
        switch try simulation.submitOrRetry(payload, at: slot, to: primary, label: label) {
        case .prepared(let entry):
            return .object(["view": .decimal(entry.view), "prepared": .decimal(entry.lsn)])
        case .answered(let applied):
            return .object([
                "from_retry_cache": .bool(applied.isFromRetryTable),
                "applied_lsn": .decimal(applied.lsn),
                "result_code": .string(applied.outcome.code.goldenName),
            ])
        }
    }

    private mutating func read(_ operation: JSONValue) throws -> JSONValue {
        let resource = try simulation.read(
            ResourceID(try operation["resource_id"].required()),
            from: ReplicaID(try operation["replica"].required()),
            required: operation["required_lsn"].lsn ?? LSN(0))
        guard let resource else { return .null }
        return .object([
            "state": .string(upperCamelCase("\(resource.state)")),
            "current_reservation_id": .decimal(resource.currentReservation),
            "version": .decimal(resource.version),
        ])
    }
}
