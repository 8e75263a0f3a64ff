import ByteCoding
import ClusterHarness
import ClusterProtocol
import LeaseKernel
import SystemCalls
import Testing

extension EndToEndTests {
    @Suite("A bad request is an answer and nothing else")
    struct BadRequests {
        @Test("a bundle count near 2^32 is an error, not memory", arguments: [UInt32.max, 1 << 28])
        func bundleCount(count: UInt32) {
            LiveCluster.run { cluster in
                var payload = ByteWriter()
                payload.write(UInt128(1))
                payload.write(UInt128(7))
                payload.write(UInt8(3))
                payload.write(count)
                let reply = try cluster.submit(payload: payload.bytes, slot: 1)
                try cluster.require(
                    reply
                        == .response(.submitRejected(Rejection(.invalidRequest(.bufferTooShort)))),
                    "the submit is refused: \(reply)")
                // The same bytes from a peer, at a backup.
                let entry = PreparedEntry(
                    kind: .client, view: View(1), lsn: LSN(1), requestSlot: Slot(1),
                    payload: payload.bytes)
                let message = try #require(ReplicaRequest.prepare(entry).encoded())
                let refusal = try LiveCluster.exchange.perform(
                    message, with: cluster.protocolAddress(2))
                try cluster.require(
                    ErrorText.message(of: refusal)
                        == "replica protocol error: Submission(InvalidRequest(BufferTooShort))",
                    "the prepare is refused: \(String(decoding: refusal, as: UTF8.self))")
                for number: UInt64 in 1...2 {
                    let bytes = try residentBytes(try #require(cluster.processID(number)))
                    try cluster.require(
                        bytes < 256 << 20, "replica \(number) uses \(bytes) bytes of memory")
                }
                try nothingWasLogged(cluster)
            }
        }

        @Test("a client cannot submit expire")
        func expire() {
            LiveCluster.run { cluster in
                try cluster.commit(.createResource(ResourceID(1)), slot: 1)
                let reserved = try cluster.commit(
                    .reserve(ResourceID(1), holder: HolderID(5), ttlSlots: 10), slot: 2)
                let lease = try #require(reserved.outcome.reservationID)
                let deadline = try #require(reserved.outcome.deadline)
                let before = try cluster.metrics().lastAppliedLSN
                let reply = try cluster.submit(.expire(lease, deadline: deadline), slot: 20)
                try cluster.require(
                    reply
                        == .response(
                            .submitRejected(Rejection(.invalidRequest(.invalidCommandTag(6))))),
                    "expire is refused: \(reply)")
                try cluster.require(
                    try cluster.metrics().lastAppliedLSN == before, "nothing was applied")
                let tick = try cluster.ask(.tickExpirations(currentSlot: Slot(20)))
                guard case .response(.tickApplied(processedCount: 1, _)) = tick else {
                    throw LiveCluster.Unmet("the tick expires the lease instead: \(tick)")
                }
            }
        }

        @Test("a slot below the last applied is a definite failure and nothing is logged")
        func lowSlot() {
            LiveCluster.run { cluster in
                try cluster.commit(.createResource(ResourceID(1)), slot: 10)
                let before = try cluster.metrics().lastAppliedLSN
                let reply = try cluster.submit(.createResource(ResourceID(2)), slot: 9)
                let expected = Rejection(
                    .slotOverflow(.operationWindow, requestSlot: Slot(9), delta: 0))
                try cluster.require(
                    reply == .response(.submitRejected(expected)), "slot 9 is refused: \(reply)")
                try cluster.require(
                    try cluster.metrics().lastAppliedLSN == before, "nothing was applied")
                for number: UInt64 in 1...3 {
                    try cluster.require(cluster.isRunning(number), "replica \(number) runs")
                    try cluster.awaitCommit(LSN(1), at: number)
                }
                // The log is as good as before: the primary can start from it.
                try cluster.kill(1)
                try cluster.start(1)
                let committed = try cluster.eventuallyCommit(
                    .createResource(ResourceID(2)), slot: 10)
                try cluster.require(
                    committed.appliedLSN == LSN(2), "the next position is 2: \(committed)")
            }
        }

        @Test("retries of an applied operation are answered even with a low slot")
        func retryAtItsSlot() {
            LiveCluster.run { cluster in
                let operation = cluster.newOperation()
                let first = try cluster.commit(
                    .createResource(ResourceID(1)), slot: 10, operation: operation)
                try cluster.commit(.createResource(ResourceID(2)), slot: 20)
                let again = try cluster.commit(
                    .createResource(ResourceID(1)), slot: 10, operation: operation)
                try cluster.require(
                    again.fromRetryCache && again.appliedLSN == first.appliedLSN,
                    "the retry is answered from the table: \(again)")
            }
        }

        private func nothingWasLogged(_ cluster: LiveCluster) throws {
            try cluster.require(
                try cluster.metrics().lastAppliedLSN == nil, "nothing was applied")
            let committed = try cluster.commit(.createResource(ResourceID(1)), slot: 1)
            try cluster.require(committed.appliedLSN == LSN(1), "the first position is free")
        }

        private func residentBytes(_ process: Int32) throws -> Int {
            let text = String(
                decoding: try FileSystem.read("/proc/\(process)/statm", limit: 4096), as: UTF8.self)
            let pages = try #require(Int(text.split(separator: " ")[1]))
            return pages * 4096
        }
    }
}
