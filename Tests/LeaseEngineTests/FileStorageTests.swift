import EngineVectors
import Foundation
import LeaseEngine
import LeaseKernel
import TestSupport
import Testing

@Suite("On a disk the engine's files hold the same bytes as in memory")
struct FileStorageTests {
    @Test("random work with checkpoints and restarts leaves equal files", arguments: 0..<3)
    func sameBytes(seed: Int) throws {
        try withTemporaryFolder { folder in
            let disk = FileStorage(
                walPath: "\(folder)/state.wal", snapshotPath: "\(folder)/state.snapshot")
            let memory = MemoryStorage()
            var random = RandomExecution(seed: UInt64(seed))
            var onDisk = try recover(disk)
            var inMemory = try recover(memory)
            for step in 1...60 {
                let slot = random.nextSlot()
                let payload = CommandCodec.encode(random.request(near: inMemory.kernel))
                #expect(
                    try onDisk.submit(payload, at: slot) == inMemory.submit(payload, at: slot))
                if step.isMultiple(of: 20) {
                    #expect(try onDisk.checkpoint() == inMemory.checkpoint())
                }
                if step.isMultiple(of: 15) {
                    onDisk = try recover(disk)
                    inMemory = try recover(memory)
                    #expect(onDisk.startup == inMemory.startup)
                }
                #expect(try disk.readWAL() == memory.wal)
                #expect(try disk.readSnapshot() == memory.snapshot)
            }
        }
    }

    private func recover(_ storage: any EngineStorage) throws -> Engine {
        try Engine.recover(
            RandomExecution.configuration, RandomExecution.engineConfiguration, from: storage)
    }

    @Test("a torn tail on disk is cut and the log goes on behind it")
    func tornTail() throws {
        try withTemporaryFolder { folder in
            let wal = URL(filePath: "\(folder)/state.wal")
            let snapshot = "\(folder)/state.snapshot"
            let frame = WALFrame(
                lsn: LSN(1), requestSlot: Slot(1), recordType: .internalCommand,
                payload: CommandCodec.encode(.createResource(ResourceID(1))))
            try Data(frame.encode() + [1, 2, 3]).write(to: wal)
            var engine = try recover(FileStorage(walPath: wal.path, snapshotPath: snapshot))
            #expect(try Array(Data(contentsOf: wal)) == frame.encode())
            let payload = CommandCodec.encode(.createResource(ResourceID(2)))
            #expect(try engine.applyEncodedInternal(payload, at: Slot(1)).lsn == LSN(2))
            let scan = WALScan(try Array(Data(contentsOf: wal)))
            #expect(scan.frames.map(\.lsn) == [LSN(1), LSN(2)])
            #expect(scan.stop == .cleanEnd)
        }
    }

    @Test("a folder that is missing is an error with the system's reason")
    func missingFolder() throws {
        try withTemporaryFolder { folder in
            let storage = FileStorage(
                walPath: "\(folder)/no/state.wal", snapshotPath: "\(folder)/state.snapshot")
            #expect(throws: RecoveryError.walFile(.inputOutput(InputOutputFailure(code: 2)))) {
                try recover(storage)
            }
        }
    }
}
