import DurableFiles
import EngineVectors
import LeaseEngine
import LeaseKernel
import TestSupport
import Testing

@Suite("The engine answers, logs and recovers exactly as recorded")
struct EngineTranscriptTests {
    @Test("every engine transcript is reproduced, with its files and the whole state")
    func transcripts() throws {
        let transcripts = try Vectors.json("kernel-transcripts.json")["transcripts"].array
            .filter { $0["layer"].string == "engine" }
        var steps = 0
        for transcript in transcripts {
            var run = try Run(transcript)
            for step in transcript["steps"].array {
                steps += 1
                try run.execute(step)
            }
            try run.compareEnd(with: transcript)
        }
        print("kernel-transcripts.json engine: \(transcripts.count) transcripts, \(steps) steps")
        #expect(transcripts.count == 25)
    }
}

/// One transcript under way.
private struct Run {
    private let name: String
    private let configuration: KernelConfiguration
    private let storage: MemoryStorage
    /// Absent after a restart that failed.
    private var engine: Engine?

    init(_ transcript: JSONValue) throws {
        name = transcript["name"].string ?? "?"
        configuration = try KernelConfiguration(vector: transcript["config"])
        storage = MemoryStorage(
            wal: transcript["start_wal_hex"].hex, snapshot: transcript["start_snapshot_hex"].hex)
        engine = try Engine.recover(
            configuration, try EngineConfiguration(vector: transcript["engine_config"]),
            from: storage, checking: .afterEveryCommand)
    }

    mutating func execute(_ step: JSONValue) throws {
        switch step["do"].string {
        case "append_bytes_to_wal_file":
            storage.wal = (storage.wal ?? []) + (try step["hex"].requiredHex())
        case "drop_last_bytes_of_wal_file":
            storage.tearWAL(try step["count"].required())
        case "delete_snapshot_file":
            storage.snapshot = nil
        case "restart":
            let found = try restart(try EngineConfiguration(vector: step["engine_config"]))
            try compare(found, with: step["expect"], at: step)
        case "checkpoint":
            try compare(try checkpoint(), with: step["expect"], at: step)
        default:
            try compareAnswer(to: step)
        }
    }

    private mutating func compareAnswer(to step: JSONValue) throws {
        let answer = try answer(to: step)
        #expect(answer == step["expect"], "\(name): \(step)")
        let checksum: UInt32 = try step["state_crc32c"].required()
        #expect(try stateChecksum() == checksum, "\(name): state after \(step)")
    }

    private mutating func answer(to step: JSONValue) throws -> JSONValue {
        guard var engine else { throw MalformedVector("\(name): no engine for \(step)") }
        self.engine = nil
        defer { self.engine = engine }
        switch step["do"].string {
        case "submit":
            return engine.submitVector(
                CommandCodec.encode(try ClientCommand(vector: step)),
                at: try step["request_slot"].identifier())
        case "submit_raw":
            return engine.submitVector(
                try step["payload_hex"].requiredHex(), at: try step["request_slot"].identifier())
        case "enqueue":
            return engine.enqueueVector(
                CommandCodec.encode(try ClientCommand(vector: step)),
                at: try step["request_slot"].identifier())
        case "process_next":
            return try engine.processNext()?.clientVector ?? .null
        case "apply_encoded_internal":
            do throws(SubmissionError) {
                return try engine.applyEncodedInternal(
                    step["payload_hex"].hex ?? [], at: Slot(step["request_slot"].integer() ?? 0)
                ).clientVector
            } catch {
                return error.vector
            }
        case "tick":
            return engine.tickVector(at: try step["current_wall_clock_slot"].identifier())
        case "get_resource":
            return try engine.resourceVector(step)
        case "get_lease":
            return try engine.leaseVector(step)
        case "get_metrics":
            let slot: Slot = try step["current_wall_clock_slot"].identifier()
            return engine.metrics(at: slot).vector.with(["type": .string("get_metrics")])
        default:
            throw MalformedVector("unknown step \(step)")
        }
    }

    private mutating func checkpoint() throws -> JSONValue {
        do {
            guard let report = try engine?.checkpoint() else {
                throw MalformedVector("\(name): no engine")
            }
            return .object([
                "ok": .bool(true),
                "snapshot_lsn": .text(report.snapshotLSN),
                "previous_snapshot_lsn": .text(report.previousSnapshotLSN),
                "retained_frame_count": .count(report.retainedFrameCount),
            ])
        } catch let error as CheckpointError {
            return error.vector.with(["ok": .bool(false)])
        }
    }

    private mutating func restart(_ engineConfiguration: EngineConfiguration) throws -> JSONValue {
        engine = nil
        do {
            let recovered = try Engine.recover(
                configuration, engineConfiguration, from: storage, checking: .afterEveryCommand)
            engine = recovered
            return .object([
                "ok": .bool(true),
                "recovery": recovered.metrics(at: Slot(0)).recoveryVector,
                "state_crc32c": .count(try stateChecksum()),
            ])
        } catch let error as RecoveryError {
            return error.vector.with(["ok": .bool(false)])
        }
    }

    /// An answer together with the files as they are afterwards.
    private func compare(_ found: JSONValue, with expected: JSONValue, at step: JSONValue) throws {
        let files = fileVector(like: expected)
        #expect(found.with(files.object) == expected, "\(name): \(step)")
    }

    /// Long files are recorded by length and checksum alone.
    private func fileVector(like expected: JSONValue) -> JSONValue {
        let wal = storage.wal ?? []
        var members: [String: JSONValue] = [
            "wal_len": .count(wal.count),
            "wal_crc32c": .count(CRC32C.checksum(wal)),
            "snapshot_crc32c": storage.snapshot.map { .count(CRC32C.checksum($0)) } ?? .null,
        ]
        if !expected["wal_hex"].isNull { members["wal_hex"] = .hex(wal) }
        if !expected["snapshot_hex"].isNull {
            members["snapshot_hex"] = .hex(storage.snapshot ?? [])
        }
        return .object(members)
    }

    func compareEnd(with transcript: JSONValue) throws {
        let final = transcript["final"]
        var found = fileVector(like: final)
        #expect((engine == nil) == (transcript["ends_without_engine"].bool == true), "\(name)")
        if let engine {
            let slot: Slot = try final["metrics_at_slot"].identifier()
            found = found.with([
                "state_hex": .hex(try SnapshotCodec.encode(engine.kernel.snapshot())),
                "metrics_at_slot": final["metrics_at_slot"],
                "metrics": engine.metrics(at: slot).vector,
            ])
        }
        #expect(found == final, "\(name): at the end")
    }

    private func stateChecksum() throws -> UInt32 {
        guard let engine else { throw MalformedVector("\(name): no engine") }
        return CRC32C.checksum(try SnapshotCodec.encode(engine.kernel.snapshot()))
    }
}
