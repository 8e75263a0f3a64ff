import EngineVectors
import LeaseKernel
import TestSupport
import Testing

@Suite("A configuration is checked once, and the first broken rule is named")
struct ConfigurationTests {
    @Test("every recorded configuration is judged as recorded")
    func vectors() throws {
        let cases = try Vectors.json("kernel-transcripts.json")["config_cases"].array
        for vector in cases {
            let configuration = try KernelConfiguration(vector: vector["config"])
            var found: JSONValue
            do {
                _ = try Kernel(configuration: configuration)
                found = .object([
                    "ok": .bool(true),
                    "operation_window_slots": .text(configuration.operationWindowSlots),
                    "max_reservation_members": .text(configuration.memberTableCapacity),
                    "wheel_len": .text(configuration.wheelLength),
                ])
            } catch {
                found = error.vector
            }
            #expect(found == vector["expect"], "\(vector["name"])")
        }
        print("kernel-transcripts.json config_cases: \(cases.count) cases")
        #expect(cases.count == 22)
    }

    @Test("a huge TTL limit costs no memory, and a snapshot of it is refused rather than written")
    func hugeWheel() throws {
        var kernel = try Kernel(
            configuration: KernelConfiguration(
                shardID: 0, maxResources: 1, maxReservations: 1, maxBundleSize: 1,
                maxOperations: 4, maxTTLSlots: 1 << 60, maxClientRetryWindowSlots: 0,
                reservationHistoryWindowSlots: 0, maxExpirationBucketLength: 1))
        let create = Command.createResource(ResourceID(1))
        _ = try kernel.applyInternal(create, lsn: LSN(1), requestSlot: Slot(1))
        let reserve = Command.reserve(ResourceID(1), holder: HolderID(1), ttlSlots: 1 << 60)
        let applied = try kernel.applyInternal(reserve, lsn: LSN(2), requestSlot: Slot(1))
        #expect(applied.outcome.code == .ok)
        #expect(kernel.dueReservations(at: Slot(.max), limit: 9).map(\.id) == [ReservationID(2)])
        #expect(throws: SnapshotEncodingError.wheelTooLong(1 << 60 + 1)) {
            try SnapshotCodec.encode(kernel.snapshot())
        }
    }
}
