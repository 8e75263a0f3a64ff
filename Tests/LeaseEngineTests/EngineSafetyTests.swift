import EngineVectors
import LeaseEngine
import LeaseKernel
import Testing

@Suite("Nothing is logged that could not be applied, and nothing is answered before it is durable")
struct EngineSafetyTests {
    private let storage = MemoryStorage()

    private func create(_ number: UInt64) -> ClientCommand {
        ClientCommand(
            operationID: OperationID(UInt128(number)), clientID: ClientID(7),
            command: .createResource(ResourceID(UInt128(number))))
    }

    private func engine() throws -> Engine {
        try Engine.recover(
            RandomExecution.configuration, RandomExecution.engineConfiguration, from: storage)
    }

    @Test("a request slot below the last applied one is refused for good before it is logged")
    func rewoundSlot() throws {
        var engine = try engine()
        _ = try engine.submit(CommandCodec.encode(create(1)), at: Slot(10))
        let log = storage.wal
        let refusal = SubmissionError.slotOverflow(
            SlotOverflow(kind: .operationWindow, requestSlot: Slot(9), delta: 0))
        #expect(refusal.isDefinite)
        #expect(throws: refusal) {
            try engine.submit(CommandCodec.encode(create(2)), at: Slot(9))
        }
        #expect(throws: refusal) {
            try engine.applyEncodedInternal(CommandCodec.encode(create(2).command), at: Slot(9))
        }
        #expect(storage.wal == log)
        let retry = try engine.submit(CommandCodec.encode(create(1)), at: Slot(9))
        #expect(retry.isFromRetryTable)
        #expect(try engine.submit(CommandCodec.encode(create(2)), at: Slot(10)).lsn == LSN(2))
    }

    @Test("a queued request is judged by the slots queued before it, and again when its turn comes")
    func rewoundSlotInQueue() throws {
        var engine = try engine()
        _ = try engine.enqueue(CommandCodec.encode(create(1)), at: Slot(10))
        #expect(throws: SubmissionError.slotOverflow(.rewound(Slot(9)))) {
            try engine.enqueue(CommandCodec.encode(create(2)), at: Slot(9))
        }
        _ = try engine.applyEncodedInternal(
            CommandCodec.encode(create(3).command), at: Slot(11))
        #expect(throws: SubmissionError.slotOverflow(.rewound(Slot(10)))) {
            try engine.processNext()
        }
        #expect(engine.isAcceptingWrites && engine.queueDepth == 0)
        #expect(WALScan(storage.wal ?? []).frames.count == 1)
    }

    @Test("a command that would use up a counter is refused before it is logged")
    func exhaustedCounter() throws {
        var first = try engine()
        _ = try first.submit(CommandCodec.encode(create(1)), at: Slot(1))
        var snapshot = first.kernel.snapshot()
        snapshot.resources[0].version = .max
        storage.snapshot = try SnapshotCodec.encode(snapshot)
        var engine = try engine()
        let log = storage.wal
        let reserve = ClientCommand(
            operationID: OperationID(5), clientID: ClientID(7),
            command: .reserve(ResourceID(1), holder: HolderID(1), ttlSlots: 2))
        #expect(throws: SubmissionError.refused(.resourceVersionExhausted(ResourceID(1)))) {
            try engine.submit(CommandCodec.encode(reserve), at: Slot(1))
        }
        #expect(storage.wal == log)
        #expect(engine.isAcceptingWrites)
    }

    @Test("each answered command was synced once")
    func syncs() throws {
        var engine = try engine()
        for number in 1...5 {
            _ = try engine.submit(CommandCodec.encode(create(UInt64(number))), at: Slot(1))
            #expect(storage.syncCount == number)
            #expect(storage.syncedLength == storage.wal?.count)
        }
    }

    @Test("a legacy confirm is logged as it came")
    func legacyBytes() throws {
        var engine = try engine()
        let confirm = ClientCommand(
            operationID: OperationID(1), clientID: ClientID(7),
            command: .confirm(ReservationID(1), holder: HolderID(1), epoch: LeaseEpoch(1)))
        let short = Array(CommandCodec.encode(confirm).dropLast(8))
        _ = try engine.submit(short, at: Slot(1))
        #expect(WALScan(storage.wal ?? []).frames.map(\.payload) == [short])
    }

    @Test("errors have the fixed text that daemons send")
    func texts() {
        let expected: [(SubmissionError, String)] = [
            (.engineHalted, "EngineHalted"),
            (.invalidRequest(.bufferTooShort), "InvalidRequest(BufferTooShort)"),
            (.invalidRequest(.invalidCommandTag(99)), "InvalidRequest(InvalidCommandTag(99))"),
            (
                .slotOverflow(
                    SlotOverflow(kind: .operationWindow, requestSlot: Slot(.max), delta: 384)),
                "SlotOverflow(SlotOverflowError { kind: OperationWindow, "
                    + "request_slot: Slot(18446744073709551615), delta: 384 })"
            ),
            (
                .commandTooLarge(encodedLength: 513, maxCommandBytes: 512),
                "CommandTooLarge { encoded_len: 513, max_command_bytes: 512 }"
            ),
            (
                .lsnExhausted(lastApplied: LSN(.max)),
                "LsnExhausted { last_applied_lsn: Lsn(18446744073709551615) }"
            ),
            (
                .overloaded(queueDepth: 3, queueCapacity: 3),
                "Overloaded { queue_depth: 3, queue_capacity: 3 }"
            ),
            (
                .walFile(.inputOutput(InputOutputFailure(code: 28))),
                "WalFile(Io(Os { code: 28, kind: StorageFull, "
                    + "message: \"No space left on device\" }))"
            ),
        ]
        for (error, text) in expected { #expect(error.debugText == text) }
        let rewound = RecoveryError.replay(.rewoundRequestSlot(previous: Slot(10), next: Slot(9)))
        #expect(
            rewound.debugText
                == "Replay(RewoundRequestSlot { previous_request_slot: Slot(10), "
                + "next_request_slot: Slot(9) })")
    }
}
