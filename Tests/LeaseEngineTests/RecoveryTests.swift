import EngineVectors
import LeaseEngine
import LeaseKernel
import TestSupport
import Testing

@Suite("Recovery brings back the recorded state or refuses for the recorded reason")
struct RecoveryTests {
    @Test("every recorded pair of files is recovered as recorded")
    func vectors() throws {
        let recoveries = try Vectors.json("wal-frames.json")["recoveries"].array
        for vector in recoveries {
            let name = vector["name"].string ?? ""
            let storage = MemoryStorage(
                wal: vector["wal_hex"].hex, snapshot: vector["snapshot_hex"].hex)
            let kernelConfiguration = try KernelConfiguration(vector: vector["config"])
            let configuration = try EngineConfiguration(vector: vector["engine_config"])
            let length: JSONValue
            var found: JSONValue
            do {
                let engine = try Engine.recover(kernelConfiguration, configuration, from: storage)
                found = .object([
                    "ok": .bool(true),
                    "recovery": engine.metrics(at: Slot(0)).recoveryVector,
                    "last_applied_lsn": .text(engine.kernel.lastAppliedLSN),
                    "last_request_slot": .text(engine.kernel.lastRequestSlot),
                    "state_hex": .hex(try SnapshotCodec.encode(engine.kernel.snapshot())),
                    "next_lsn": vector["expect"]["next_lsn"].isNull
                        ? .null : .text(engine.nextLSN),
                ])
            } catch let error as RecoveryError {
                found = error.vector.with([
                    "ok": .bool(false),
                    "wal_created": .bool(vector["wal_hex"].isNull && storage.wal != nil),
                ])
            }
            length = storage.wal.map { .count($0.count) } ?? .null
            #expect(found.with(["wal_len_after": length]) == vector["expect"], "\(name)")
        }
        print("wal-frames.json recoveries: \(recoveries.count) cases")
        #expect(recoveries.count == 70)
    }
}
