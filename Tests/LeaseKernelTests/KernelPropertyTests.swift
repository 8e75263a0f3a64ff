import ByteCoding
import EngineVectors
import LeaseKernel
import Testing

@Suite("Whatever is asked, the kernel stays sound, repeatable and a value")
struct KernelPropertyTests {
    @Test("a restored kernel has the same bytes and goes on in the same way", arguments: 0..<24)
    func restoring(seed: Int) throws {
        print("random kernel execution, seed \(seed)")
        let configuration = RandomExecution.configuration
        var random = RandomExecution(seed: UInt64(seed))
        var kernel = try Kernel(configuration: configuration, checking: .afterEveryCommand)
        var codes: Set<ResultCode> = []
        for step in 0..<250 {
            if step.isMultiple(of: 25) {
                let bytes = try SnapshotCodec.encode(kernel.snapshot())
                let restored = try Kernel(
                    restoring: try SnapshotCodec.decode(bytes), configuration: configuration,
                    checking: .afterEveryCommand)
                #expect(try SnapshotCodec.encode(restored.snapshot()) == bytes)
            }
            let twin = try Kernel(restoring: kernel.snapshot(), configuration: configuration)
            codes.insert(try applySame(&kernel, twin, &random))
        }
        #expect(codes.count >= 8, "the execution met too little: \(codes)")
    }

    /// Applies one random command to a kernel and to its restored twin.
    private func applySame(
        _ kernel: inout Kernel, _ twin: Kernel, _ random: inout RandomExecution
    ) throws -> ResultCode {
        var twin = twin
        let (lsn, slot) = random.advance()
        let first: AppliedCommand
        let second: AppliedCommand
        if random.choose(5) == 0 {
            let command = random.command(near: kernel)
            first = try kernel.applyInternal(command, lsn: lsn, requestSlot: slot)
            second = try twin.applyInternal(command, lsn: lsn, requestSlot: slot)
        } else {
            let request = random.request(near: kernel)
            let foretold = kernel.answerFromRetryTable(to: request, at: slot)
            first = try kernel.apply(request, lsn: lsn, requestSlot: slot)
            second = try twin.apply(request, lsn: lsn, requestSlot: slot)
            #expect(foretold == nil || foretold == first)
            #expect((foretold != nil) == first.isFromRetryTable)
        }
        #expect(first == second)
        #expect(kernel.snapshot() == twin.snapshot())
        return first.outcome.code
    }

    @Test("a copy keeps its state while the original goes on", arguments: 0..<4)
    func copies(seed: Int) throws {
        var random = RandomExecution(seed: UInt64(seed + 1000))
        var kernel = try Kernel(configuration: RandomExecution.configuration)
        var copies: [(Kernel, [UInt8])] = []
        for _ in 0..<60 {
            copies.append((kernel, try SnapshotCodec.encode(kernel.snapshot())))
            let (lsn, slot) = random.advance()
            let request = random.request(near: kernel)
            _ = try kernel.apply(request, lsn: lsn, requestSlot: slot)
        }
        for (copy, bytes) in copies {
            #expect(try SnapshotCodec.encode(copy.snapshot()) == bytes)
        }
    }

    @Test("what the codec reads from damaged bytes it can write again", arguments: 0..<8)
    func damagedCommands(seed: Int) throws {
        var random = RandomExecution(seed: UInt64(seed + 2000))
        let kernel = try Kernel(configuration: RandomExecution.configuration)
        var accepted = 0
        for _ in 0..<2000 {
            var bytes = CommandCodec.encode(random.request(near: kernel))
            bytes[random.choose(bytes.count)] = UInt8(random.choose(256))
            bytes.removeLast(random.choose(4) == 0 ? random.choose(bytes.count) : 0)
            guard let request = try? CommandCodec.decodeClient(bytes) else { continue }
            accepted += 1
            #expect(try CommandCodec.decodeClient(CommandCodec.encode(request)) == request)
        }
        #expect((1..<2000).contains(accepted))
    }

    @Test("damaged snapshots are refused or restored whole, never a crash", arguments: 0..<8)
    func damagedSnapshots(seed: Int) throws {
        var random = RandomExecution(seed: UInt64(seed + 3000))
        var kernel = try Kernel(configuration: RandomExecution.configuration)
        for _ in 0..<80 {
            let (lsn, slot) = random.advance()
            _ = try kernel.apply(random.request(near: kernel), lsn: lsn, requestSlot: slot)
        }
        let sound = try SnapshotCodec.encode(kernel.snapshot())
        var refused = 0
        for _ in 0..<600 {
            var bytes = sound
            for _ in 0...random.choose(2) {
                bytes[random.choose(bytes.count)] = UInt8(random.choose(256))
            }
            do {
                var restored = try Kernel(
                    restoring: try SnapshotCodec.decode(bytes),
                    configuration: RandomExecution.configuration)
                try exercise(&restored, &random)
            } catch is SnapshotDecodingError {
                refused += 1
            } catch is RestoreError {
                refused += 1
            }
        }
        #expect(refused > 0)
    }

    /// A restored kernel may hold odd counters: commands may be refused, but then nothing moves.
    private func exercise(_ kernel: inout Kernel, _ random: inout RandomExecution) throws {
        for _ in 0..<5 {
            let request = random.request(near: kernel)
            let lsn = LSN((kernel.lastAppliedLSN?.rawValue ?? 0) &+ 1)
            let slot = kernel.lastRequestSlot ?? Slot(1)
            let before = kernel.snapshot()
            do throws(KernelError) {
                _ = try kernel.apply(request, lsn: lsn, requestSlot: slot)
            } catch {
                #expect(kernel.snapshot() == before)
            }
        }
    }
}
