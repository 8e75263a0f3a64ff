import DiskServer
import DurableFiles
import FaultyDisk
import Glibc
import Randomness
import SystemCalls
import TestSupport
import Testing

/// The disk as programs see it: mounted, through system calls.
@Suite("a mounted disk", .serialized)
struct MountedDiskTests {
    static func withDisk(_ body: (MountedDisk, String) throws -> Void) throws {
        try withTemporaryFolder { folder in
            let place = Path.join(try FileSystem.resolve(folder), "disk")
            try FileSystem.createFolders(place)
            let disk = try MountedDisk(
                program: try builtExecutable(DiskServerFacts.programName), at: place)
            defer { disk.end() }
            try body(disk, place)
            disk.end()
            #expect(!MountTable.folders(ofType: DiskServerFacts.mountType).contains(place))
            #expect(!Processes.isAlive(disk.processID))
            #expect(try FileSystem.list(place) == [])
        }
    }

    /// The code of the error that `body` throws; nil when it throws none.
    static func code(_ body: () throws(SystemError) -> Void) -> Int32? {
        do throws(SystemError) {
            try body()
            return nil
        } catch {
            return error.code
        }
    }

    static func wait(for awaited: String, _ condition: () throws -> Bool) throws {
        let deadline = Deadline.after(.seconds(20))
        while try !condition() {
            try #require(!deadline.isPassed, "\(awaited)")
            sleepThread(for: .milliseconds(5))
        }
    }

    @Test("files, folders and links of names behave as on any disk")
    func ordinaryUse() throws {
        try Self.withDisk { _, place in
            let file = Path.join(place, "a")
            let bytes = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
            try DurableFiles.replace(file, with: bytes)
            #expect(try FileSystem.read(file, limit: 1 << 20) == bytes)
            #expect(try FileSystem.facts(file)?.size == 300_000)
            var log = try AppendFile(opening: Path.join(place, "log"))
            for index in 0..<50 { try log.append([UInt8(index)]) }
            try log.sync()
            try log.truncate(to: 20)
            try log.append([99])
            #expect(
                try FileSystem.read(Path.join(place, "log"), limit: 100)
                    == (0..<20).map { UInt8($0) } + [99])
            let inner = Path.join(place, "inner/deeper")
            try FileSystem.createFolders(inner)
            for index in 0..<300 {
                try FileSystem.write([1], to: Path.join(inner, "file-\(index)"))
            }
            #expect(try FileSystem.list(inner).count == 300)
            try FileSystem.exchange(Path.join(place, "inner"), with: file)
            #expect(try FileSystem.facts(file)?.kind == .folder)
            try FileSystem.removeTree(file)
            #expect(try FileSystem.list(place) == ["inner", "log"])
            let lock = try LockFile(acquiring: Path.join(place, "lock"))
            #expect(throws: LockFile.AcquireError.self) {
                try LockFile(acquiring: Path.join(place, "lock"))
            }
            lock.release()
        }
    }

    @Test("a power cut takes what was not synced, and keeps what was")
    func powerCut() throws {
        try Self.withDisk { disk, place in
            let synced = Path.join(place, "synced")
            try DurableFiles.replace(synced, with: [1, 2, 3])
            do {
                var log = try AppendFile(opening: Path.join(place, "log"))
                try log.append([1, 1])
                try log.sync()
                try log.append([2, 2])
            }
            try FileSystem.write([5], to: Path.join(place, "unsynced"))
            #expect(try FileSystem.list(place) == ["log", "synced", "unsynced"])
            let report = try disk.cutPower(keeping: .nothing, seed: 1)
            #expect(report.lostWrites == 2)
            #expect(report.lostBytes == 3)
            #expect(report.lostNames == 1)
            #expect(try FileSystem.list(place) == ["log", "synced"])
            #expect(try FileSystem.read(synced, limit: 10) == [1, 2, 3])
            #expect(try FileSystem.read(Path.join(place, "log"), limit: 10) == [1, 1])
        }
    }

    @Test("a file that was open over a power cut and lost is an error, not a wrong content")
    func openOverPowerCut() throws {
        try Self.withDisk { disk, place in
            let lost = try FileSystem.open(Path.join(place, "lost"), .update)
            try lost.writeAll([1])
            _ = try disk.cutPower(keeping: .nothing, seed: 1)
            #expect(Self.code { () throws(SystemError) in try lost.writeAll([2]) } == ESTALE)
        }
    }

    @Test("errors and a full disk are seen by the next call and gone when switched off")
    func errors() throws {
        try Self.withDisk { disk, place in
            let file = try FileSystem.open(Path.join(place, "a"), .update)
            try file.writeAll([1, 2, 3])
            try file.sync(.data)
            let calls: [(DiskFault, Int32, () throws(SystemError) -> Void)] = [
                (.writeError, EIO, { () throws(SystemError) in try file.writeAll([4]) }),
                (.syncError, EIO, { () throws(SystemError) in try file.sync(.data) }),
                (.full, ENOSPC, { () throws(SystemError) in try file.writeAll([4]) }),
                (
                    .readError, EIO,
                    { () throws(SystemError) in _ = try file.read(at: 0, count: 3) }
                ),
            ]
            for (fault, code, call) in calls {
                try disk.switchOn(fault, for: .seconds(60))
                #expect(try disk.state().active == [fault])
                #expect(Self.code(call) == code, "\(fault)")
                try disk.switchOff(fault)
                #expect(Self.code(call) == nil, "\(fault)")
                #expect(try disk.state().touched[fault] == 1)
            }
            #expect(try disk.state().active == [])
        }
    }

    @Test("a stalled sync waits until the fault ends, and other calls do not")
    func stall() throws {
        for ending in ["switched off", "lease over"] {
            try Self.withDisk { disk, place in
                let file = try FileSystem.open(Path.join(place, "a"), .update)
                try file.writeAll([1, 2, 3])
                let lease = ending == "lease over" ? Duration.milliseconds(400) : .seconds(60)
                try disk.switchOn(.syncStall, for: lease)
                let done = Flag()
                let thread = try WorkerThread(name: "syncing") {
                    done.set(Self.code { () throws(SystemError) in try file.sync(.data) } ?? 0)
                }
                try Self.wait(for: "a waiting sync") {
                    try disk.state().waiting == 1 || done.value != nil
                }
                if ending == "switched off" {
                    #expect(done.value == nil)
                    try FileSystem.write([1], to: Path.join(place, "b"))
                    try disk.switchOff(.syncStall)
                }
                thread.join()
                #expect(done.value == 0)
                #expect(try disk.state().waiting == 0)
                #expect(try disk.state().touched[.syncStall] == 1)
            }
        }
    }

    @Test("a stalled read waits, too")
    func stalledRead() throws {
        try Self.withDisk { disk, place in
            let file = try FileSystem.open(Path.join(place, "a"), .update)
            try file.writeAll([1, 2, 3])
            try disk.switchOn(.readStall, for: .seconds(60))
            let done = Flag()
            let thread = try WorkerThread(name: "reading") {
                done.set(
                    Self.code { () throws(SystemError) in _ = try file.read(at: 0, count: 3) } ?? 0)
            }
            try Self.wait(for: "a waiting read") {
                try disk.state().waiting == 1 || done.value != nil
            }
            #expect(done.value == nil)
            try disk.switchOff(.readStall)
            thread.join()
            #expect(done.value == 0)
        }
    }

    @Test("a sync that lies is believed until the power is cut")
    func lyingSync() throws {
        try Self.withDisk { disk, place in
            let path = Path.join(place, "a")
            let file = try FileSystem.open(path, .update)
            try FileSystem.open(place, .readOnly).sync(.full)
            try disk.switchOn(.syncLie, for: .seconds(60))
            try file.writeAll([1, 2, 3])
            try file.sync(.data)
            #expect(try FileSystem.read(path, limit: 10) == [1, 2, 3])
            #expect(try disk.state().touched[.syncLie] == 1)
            _ = try disk.cutPower(keeping: .nothing, seed: 1)
            #expect(try FileSystem.read(path, limit: 10) == [])
        }
    }

    @Test("a process that waits for a stalled disk can be killed")
    func killWaiting() throws {
        try Self.withDisk { disk, place in
            try disk.switchOn(.writeStall, for: .seconds(60))
            let child = try ChildProcess(
                executable: "dd",
                arguments: ["if=/dev/zero", "of=\(place)/a", "bs=4096", "count=1"])
            try Self.wait(for: "a waiting write") { try disk.state().waiting == 1 }
            try child.signalGroup(Signals.kill)
            #expect(
                try child.wait(until: .after(.seconds(10))) == .signaled(number: Signals.kill))
            try Self.wait(for: "nobody waiting") { try disk.state().waiting == 0 }
        }
    }

    @Test("a killed disk leaves a mount, which is found by its mark and taken away")
    func killedServer() throws {
        try withTemporaryFolder { folder in
            let place = try FileSystem.resolve(folder)
            let disk = try MountedDisk(
                program: try builtExecutable(DiskServerFacts.programName), at: place)
            try Processes.signal(disk.processID, Signals.kill)
            _ = try Processes.waitForEnd(of: disk.processID, until: .after(.seconds(10)))
            #expect(throws: MountedDisk.Failure.self) { try disk.state() }
            #expect(MountTable.folders(ofType: DiskServerFacts.mountType).contains(place))
            #expect(MountTable.detach(place, type: DiskServerFacts.mountType))
            #expect(try FileSystem.list(place) == [])
        }
    }

    @Test("where no disk can be, the reason is said")
    func refusals() throws {
        let missing = "/nonexistent/folder"
        let failure = #expect(throws: MountedDisk.Failure.self) {
            try MountedDisk(program: try builtExecutable(DiskServerFacts.programName), at: missing)
        }
        #expect("\(failure!)".contains("cannot be mounted"), "\(failure!)")
        #expect(throws: MountedDisk.Failure.self) {
            try MountedDisk(program: "/bin/true", at: "/tmp")
        }
    }
}

/// What a thread has to say when it is done.
final class Flag: Sendable {
    private let content = Locked<Int32?>(nil)
    var value: Int32? { content.value }
    func set(_ value: Int32) { content.set(value) }
}
