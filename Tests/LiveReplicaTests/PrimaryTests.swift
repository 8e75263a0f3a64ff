import ClusterProtocol
import LeaseEngine
import LeaseKernel
import SystemCalls
import Testing

@testable import Replication

@Suite struct PrimaryTests {
    @Test("a primary serves nothing before a majority confirmed its view")
    func confirmsFirst() throws {
        var bench = try Bench(.primary)
        let write = bench.ask(Bench.create(1, slot: 1))
        let read = bench.ask(.getResource(ResourceID(1), requiredLSN: nil))
        bench.wait(.milliseconds(400))
        #expect(bench.reply(write) == nil && bench.reply(read) == nil)
        #expect(bench.core.log.pendingCount == 0)
        bench.wait(.milliseconds(200))
        #expect(bench.reply(read) == .text(.notPrimary(.viewUncertain)))
        #expect(bench.reply(write) == .response(.submitRejected(Rejection(.storageFailure))))
        #expect(
            bench.core.explain(at: bench.now).contains {
                $0.key == "write_now" && $0.value != "allowed"
            })
    }

    @Test("a write is answered when the own disk and one peer have it, and not before")
    func commits() throws {
        var bench = try Bench.serving()
        let first = bench.ask(Bench.create(1, slot: 1))
        bench.acknowledgeAll(by: Bench.two)
        #expect(bench.reply(first) == nil, "the own disk does not have it")
        bench.runDisk()
        guard case .response(.committed(let answer))? = bench.reply(first) else {
            Issue.record("\(String(describing: bench.reply(first)))")
            return
        }
        #expect(answer.appliedLSN == LSN(1) && !answer.fromRetryCache)
        let second = bench.ask(Bench.create(2, slot: 1))
        bench.runDisk()
        #expect(bench.reply(second) == nil, "no peer has it")
        bench.acknowledgeAll(by: Bench.three)
        #expect(bench.reply(second) != nil)
    }

    @Test("entries that gather share one sync and one message per peer")
    func groupCommit() throws {
        var bench = try Bench.serving()
        bench.acknowledgeAll(by: Bench.three)
        bench.sent.removeAll()
        _ = bench.ask(Bench.create(1, slot: 1))
        let syncs = bench.disk.syncCount
        bench.sent.removeAll()
        for number in 2...51 { _ = bench.ask(Bench.create(UInt128(number), slot: 1)) }
        #expect(bench.jobs.count == 1 && bench.sent.isEmpty, "the first batch is under way")
        let job = bench.jobs.removeFirst()
        bench.hand(.storageFinished(job.token, job.run(on: &bench.disk)))
        #expect(bench.jobs.count == 1)
        #expect(bench.sent.map(\.to) == [Bench.two], "no quorum needs the other one at once")
        bench.wait(LiveTimes().newsWait)
        #expect(bench.sent.map(\.to) == [Bench.two, Bench.three])
        let counts = bench.sent.map { sent in
            if case .append(let append) = sent.message { append.entries.count } else { 0 }
        }
        #expect(counts == [50, 51], "the first entry could wait for the others as well")
        bench.runDisk()
        bench.acknowledgeAll(by: Bench.two)
        #expect(bench.disk.syncCount == syncs + 2)
        #expect(bench.replies.count == 51)
    }

    @Test("a read waits for a round that began after it came, and for no disk")
    func readRounds() throws {
        var bench = try Bench.serving()
        let first = bench.ask(.getResource(ResourceID(1), requiredLSN: nil))
        guard case .confirm(let term, let round)? = bench.sent.first?.message else {
            Issue.record("nothing was asked")
            return
        }
        let second = bench.ask(.getResource(ResourceID(1), requiredLSN: nil))
        bench.hand(.peerAnswer(Bench.two, .confirmed(term, round: round)))
        #expect(bench.reply(first) == .response(.resourceNotFound))
        #expect(bench.reply(second) == nil, "the answer may be older than the question")
        bench.hand(.peerAnswer(Bench.two, .confirmed(term, round: round)))
        #expect(bench.reply(second) == nil, "a repeated answer is no new one")
        bench.confirmRounds()
        #expect(bench.reply(second) == .response(.resourceNotFound))
        #expect(bench.jobs.isEmpty)
    }

    @Test("after a start, reads wait for what may have been answered before it")
    func startBarrier() throws {
        var bench = try Bench.serving()
        _ = bench.ask(Bench.create(1, slot: 1))
        bench.runDisk()
        try bench.restart()
        bench.round([.peerConnected(Bench.two)])
        bench.confirmRounds()
        let read = bench.ask(.getResource(ResourceID(1), requiredLSN: nil))
        bench.confirmRounds()
        #expect(bench.reply(read) == nil)
        bench.acknowledgeAll(by: Bench.two)
        guard case .response(.resource)? = bench.reply(read) else {
            Issue.record("\(String(describing: bench.reply(read)))")
            return
        }
    }

    @Test("what is refused for good is refused before anything is logged")
    func definiteFailures() throws {
        var bench = try Bench.serving()
        _ = bench.ask(Bench.create(1, slot: 10))
        let cases: [(ClientRequest, Rejection.Code)] = [
            (
                Bench.create(2, slot: 9),
                .slotOverflow(.operationWindow, requestSlot: Slot(9), delta: 0)
            ),
            (
                Bench.submit(.expire(ReservationID(1), deadline: Slot(1)), slot: 10, operation: 3),
                .invalidRequest(.invalidCommandTag(6))
            ),
            (.submit(slot: Slot(10), payload: []), .invalidRequest(.bufferTooShort)),
            (
                .submit(slot: Slot(10), payload: Array(repeating: 0, count: 5000)),
                .commandTooLarge(encodedLength: 5000, maxCommandBytes: 4096)
            ),
            (
                Bench.create(4, slot: .max),
                .slotOverflow(.operationWindow, requestSlot: Slot(.max), delta: 1_000_016)
            ),
        ]
        for (request, code) in cases {
            let token = bench.ask(request)
            #expect(bench.reply(token) == .response(.submitRejected(Rejection(code))))
        }
        #expect(bench.core.log.last == LSN(1))
    }

    @Test("a repetition of a pending operation waits for it and never executes twice")
    func pendingRepetition() throws {
        var bench = try Bench.serving()
        let first = bench.ask(Bench.create(1, slot: 1))
        let again = bench.ask(Bench.create(1, slot: 3))
        let conflict = bench.ask(Bench.create(2, slot: 3, operation: 1))
        #expect(bench.core.log.last == LSN(1))
        bench.runDisk()
        bench.acknowledgeAll(by: Bench.two)
        let codes = [first, again, conflict].map { token -> ResultCode? in
            guard case .response(.committed(let answer))? = bench.reply(token) else { return nil }
            return answer.outcome.code
        }
        #expect(codes == [.ok, .ok, .operationConflict])
    }

    @Test("without a quorum a write is indefinite, and it heals without the client")
    func quorumLossHeals() throws {
        var bench = try Bench.serving()
        let write = bench.ask(Bench.create(1, slot: 1))
        bench.runDisk()
        bench.round([.peerDisconnected(Bench.two), .peerDisconnected(Bench.three)])
        bench.wait(.milliseconds(600))
        #expect(bench.reply(write) == .response(.submitRejected(Rejection(.storageFailure))))
        let other = bench.ask(Bench.create(2, slot: 2))
        #expect(bench.reply(other) == .response(.submitRejected(Rejection(.storageFailure))))
        #expect(bench.core.log.last == LSN(1), "nothing more is prepared")
        let tick = bench.ask(.tickExpirations(currentSlot: Slot(5)))
        #expect(bench.reply(tick) == .response(.tickRejected(Rejection(.storageFailure))))
        bench.hand(.peerConnected(Bench.three))
        bench.acknowledgeAll(by: Bench.three)
        #expect(bench.core.log.commit == LSN(1))
        let retry = bench.ask(Bench.create(1, slot: 2))
        guard case .response(.committed(let answer))? = bench.reply(retry) else {
            Issue.record("\(String(describing: bench.reply(retry)))")
            return
        }
        #expect(answer.fromRetryCache && answer.appliedLSN == LSN(1))
    }

    @Test("too many pending entries are refused for good")
    func overloaded() throws {
        var settings = Bench.settings(Bench.one, role: .primary)
        settings.limits.pendingEntries = 3
        var bench = try Bench(settings)
        bench.round([.peerConnected(Bench.two)])
        bench.confirmRounds()
        for number in 1...3 { _ = bench.ask(Bench.create(UInt128(number), slot: 1)) }
        let fourth = bench.ask(Bench.create(4, slot: 1))
        #expect(
            bench.reply(fourth)
                == .response(
                    .submitRejected(Rejection(.overloaded(queueDepth: 3, queueCapacity: 3)))))
    }

    @Test("a failed write halts: nothing is promised any more")
    func halts() throws {
        var bench = try Bench.serving()
        let write = bench.ask(Bench.create(1, slot: 1))
        bench.disk.failure = StorageFailure("no space")
        bench.runDisk()
        bench.acknowledgeAll(by: Bench.two)
        #expect(bench.reply(write) == .response(.submitRejected(Rejection(.storageFailure))))
        let later = bench.ask(Bench.create(2, slot: 1))
        #expect(bench.reply(later) == .response(.submitRejected(Rejection(.engineHalted))))
        let read = bench.ask(.getResource(ResourceID(1), requiredLSN: nil))
        #expect(bench.reply(read) == .response(.resourceEngineHalted))
        #expect(bench.core.status.engine?.acceptingWrites == false)
    }

    @Test("a tick expires what is due, one batch of internal entries for all of it")
    func ticks() throws {
        var bench = try Bench.serving()
        for number in 1...3 {
            _ = bench.ask(Bench.create(UInt128(number), slot: 1))
            _ = bench.ask(
                Bench.submit(
                    .reserve(ResourceID(UInt128(number)), holder: HolderID(1), ttlSlots: 2),
                    slot: 1, operation: UInt128(100 + number)))
        }
        bench.runDisk()
        bench.acknowledgeAll(by: Bench.two)
        let tick = bench.ask(.tickExpirations(currentSlot: Slot(9)))
        bench.confirmRounds()
        #expect(bench.core.log.pendingCount == 3)
        bench.runDisk()
        bench.acknowledgeAll(by: Bench.two)
        #expect(
            bench.reply(tick)
                == .response(.tickApplied(processedCount: 3, lastAppliedLSN: LSN(9))))
        let idle = bench.ask(.tickExpirations(currentSlot: Slot(9)))
        bench.confirmRounds()
        #expect(
            bench.reply(idle) == .response(.tickApplied(processedCount: 0, lastAppliedLSN: nil)))
    }

    @Test("a primary steps down for a higher view, whoever tells of it")
    func stepsDown() throws {
        var bench = try Bench.serving()
        let write = bench.ask(Bench.create(1, slot: 1))
        let status = PeerStatus(
            view: View(2), role: .backup, commit: LSN(0), highestPrepared: LSN(0))
        bench.hand(.peerAnswer(Bench.two, .refused(status, .outdated)))
        #expect(bench.reply(write) == .response(.submitRejected(Rejection(.storageFailure))))
        let read = bench.ask(.getResource(ResourceID(1), requiredLSN: nil))
        #expect(bench.reply(read) == .text(.notPrimary(.viewUncertain)))
    }

    @Test("a primary takes no one-shot prepare or commit from strangers")
    func refusesStrangers() throws {
        var bench = try Bench.serving()
        let prepare = bench.token()
        bench.hand(.legacyPrepare(prepare, Bench.entry(1).entry))
        let text =
            "status=error\nmessage=replica protocol error: "
            + "RoleMismatch { expected: Backup, found: Primary }\n"
        #expect(bench.replies[prepare].map { String(decoding: $0, as: UTF8.self) } == text)
        let commit = bench.token()
        bench.hand(.legacyCommit(commit, view: View(1), LSN(1)))
        #expect(bench.replies[commit].map { String(decoding: $0, as: UTF8.self) } == text)
    }
}
