import Synchronization
import SystemCalls

/// A file for decoders that are given a path; in memory where the machine has a folder for that.
struct ScratchFile: ~Copyable {
    let path: String

    private static let count = Atomic<Int>(0)
    private static let folder = FileSystem.exists("/dev/shm") ? "/dev/shm" : "/tmp"

    /// A name that is free.
    init() {
        let number = Self.count.add(1, ordering: .relaxed).newValue
        path = Path.join(Self.folder, "allocdb-fuzz-\(Processes.ownID)-\(number)")
    }

    init(_ bytes: [UInt8]) throws {
        self.init()
        try FileSystem.write(bytes, to: path)
    }

    deinit {
        _ = try? FileSystem.removeFile(path)
    }
}
