import SystemCalls

/// A file system of one page, on which a log soon finds no room. Needs the right to mount.
struct SmallDisk {
    let path: String
    private static let name = "<small file system>"

    static func isNamed(in value: String) -> Bool { value.contains(name) }

    /// Nil when no change speaks of one, or when it cannot be made here.
    init?(for changes: [String: String]) throws {
        guard changes.values.contains(where: Self.isNamed) else { return nil }
        path = try FileSystem.makeTemporaryFolder(prefix: "allocdb-small")
        guard
            let run = try? CapturedRun(
                "mount", ["-t", "tmpfs", "-o", "size=4096", "none", path],
                until: .after(.seconds(5))), run.status.isSuccess
        else {
            try FileSystem.removeTree(path)
            return nil
        }
    }

    func expand(_ changes: [String: String]) -> [String: String] {
        changes.mapValues { $0.replacing(Self.name, with: path) }
    }

    func enlarge() throws {
        _ = try CapturedRun(
            "mount", ["-o", "remount,size=1048576", path], until: .after(.seconds(5)))
    }

    func remove() {
        _ = try? CapturedRun("umount", [path], until: .after(.seconds(5)))
        try? FileSystem.removeTree(path)
    }
}
