/// What the engine found when its process started (durability.md 8). The raw value is the
/// number in the client protocol's metrics (wire-api.md 3.6).
public enum StartupKind: UInt8, CaseIterable, Sendable {
    case freshStart = 1
    case walOnly
    case snapshotOnly
    case snapshotAndWAL

    /// The word in status replies (cluster-runner.md 7).
    public var word: String {
        switch self {
        case .freshStart: "fresh_start"
        case .walOnly: "wal_only"
        case .snapshotOnly: "snapshot_only"
        case .snapshotAndWAL: "snapshot_and_wal"
        }
    }
}
