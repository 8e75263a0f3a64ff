import Replication

/// Every boundary at which a replica can be told to die, by what it is doing. A boundary that a
/// replica passes and that is not listed here fails the tests.
enum CrashBoundaries {
    /// One call to the system.
    enum Call {
        case append(ReplicaFile)
        case sync(ReplicaFile)
        case replace(ReplicaFile)
        case cut(ReplicaFile)

        fileprivate var file: ReplicaFile {
            switch self {
            case .append(let file), .sync(let file), .replace(let file), .cut(let file): file
            }
        }

        /// The torn ones are inside the write; see `CrashingReplica`.
        fileprivate var moments: [String] {
            let moments: [StorageBoundary.Moment] =
                switch self {
                case .append: [.beforeAppend, .appended]
                case .sync: [.beforeSync, .synced]
                case .replace: [.beforeReplace, .written, .writtenAndSynced, .renamed, .replaced]
                case .cut: [.beforeCut, .cut, .cutAndSynced]
                }
            var names = moments.map(\.rawValue)
            switch self {
            case .append: names.insert("torn", at: 1)
            case .replace: names.insert("tornReplacement", at: 1)
            case .sync, .cut: break
            }
            return names
        }
    }

    /// In the order in which they are made.
    static func calls(_ purpose: StorageBoundary.Purpose) -> [Call] {
        switch purpose {
        case .recovery:
            [
                .cut(.log), .append(.log), .sync(.log), .replace(.snapshotChecksums),
                .replace(.journal), .replace(.metadata),
            ]
        case .batch: [.append(.journal), .sync(.journal), .append(.log)]
        case .frames: [.append(.log)]
        case .compaction: [.append(.log), .sync(.log), .replace(.journal)]
        case .checkpoint:
            [
                .append(.log), .sync(.log), .replace(.snapshotChecksums), .replace(.snapshot),
                .replace(.log), .replace(.journal), .replace(.metadata),
            ]
        case .view: [.append(.journal), .sync(.journal), .append(.log), .replace(.metadata)]
        case .install:
            [
                .replace(.snapshotChecksums), .replace(.snapshot), .replace(.log),
                .replace(.journal), .replace(.metadata),
            ]
        case .stop: [.append(.journal), .sync(.journal), .append(.log), .sync(.log)]
        case .reading: []
        }
    }

    static func names(_ purpose: StorageBoundary.Purpose) -> [String] {
        calls(purpose).flatMap { call in
            call.moments.map { "\(purpose.rawValue).\(call.file.rawValue).\($0)" }
        }
    }

    static var all: Set<String> {
        Set(StorageBoundary.Purpose.allCases.flatMap { names($0) })
    }
}
