public import LeaseEngine
public import LeaseKernel

/// Putting a log together from two (replica.md 13).
public enum LogSplice {
    /// Own frames up to the commit position, markers included, then the other's frames above it
    /// without markers.
    public static func suffix(
        of other: [WALFrame], onto own: [WALFrame], committed: LSN?
    ) -> [WALFrame] {
        let floor = committed ?? LSN(0)
        return own.filter { $0.lsn <= floor }
            + other.filter { $0.lsn > floor && $0.recordType != .snapshotMarker }
    }

    /// The lowest position from which a log can bring others up to date: everything at or below
    /// it only the snapshot holds (replica.md 12).
    public static func replayFloor(of frames: [WALFrame], snapshot: LSN?) -> LSN? {
        let lowest = frames.lazy.filter { $0.recordType != .snapshotMarker }.map(\.lsn).min()
        guard let lowest else { return snapshot }
        return lowest <= LSN(1) ? nil : LSN(lowest.rawValue - 1)
    }
}
