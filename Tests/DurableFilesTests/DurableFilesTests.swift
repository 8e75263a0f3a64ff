import DurableFiles
import SystemCalls
import TestSupport
import Testing

@Suite struct ReplacementTests {
    @Test("replacing goes through written, synced, renamed, folder synced, and creates folders")
    func steps() throws {
        try withTemporaryFolder { folder in
            let path = Path.join(folder, "a/b/file")
            var seen: [DurableFiles.ReplaceStep] = []
            try DurableFiles.replace(path, with: [1, 2]) { step in
                seen.append(step)
                #expect(FileSystem.exists(path) == (step == .renamed || step == .folderSynced))
            }
            #expect(seen == DurableFiles.ReplaceStep.allCases)
            try FileSystem.write(Array("stale".utf8), to: path + ".tmp")
            try DurableFiles.replace(path, with: [3], sync: .full)
            #expect(try FileSystem.read(path, limit: 10) == [3])
            #expect(try FileSystem.list(Path.join(folder, "a/b")) == ["file"])
        }
    }

    @Test("a missing file reads as none, a long one is refused")
    func reading() throws {
        try withTemporaryFolder { folder in
            let path = Path.join(folder, "file")
            #expect(try DurableFiles.readIfPresent(path, limit: 1) == nil)
            try FileSystem.write([1, 2, 3], to: path)
            #expect(try DurableFiles.readIfPresent(path, limit: 3) == [1, 2, 3])
            #expect(throws: SystemError.self) {
                try DurableFiles.readIfPresent(path, limit: 2)
            }
        }
    }

    @Test("an append file knows its length, across openings and cuts")
    func appending() throws {
        try withTemporaryFolder { folder in
            let path = Path.join(folder, "file")
            var file = try AppendFile(opening: path)
            try file.append([1, 2, 3])
            try file.sync()
            var again = try AppendFile(opening: path)
            #expect(again.length == 3)
            try again.truncate(to: 1)
            try again.append([9])
            #expect(try FileSystem.read(path, limit: 10) == [1, 9])
        }
    }

    @Test("a lock has one holder, says who, and is free when it goes")
    func locking() throws {
        try withTemporaryFolder { folder in
            let path = Path.join(folder, "lock")
            let lock = try LockFile(acquiring: path)
            #expect(throws: LockFile.AcquireError.held(path: path, holder: Processes.ownID)) {
                try LockFile(acquiring: path)
            }
            lock.release()
            _ = try LockFile(acquiring: path)
        }
    }
}
